package socket_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/wasgi/wasgi/host/config"
)

// BenchmarkEcho sends a message and waits until it is back: to the guest, and to a handler that does the same with the same library.
func BenchmarkEcho(b *testing.B) {
	s := newSite(b, "", func(c *config.Config) { c.Log.Access = false })
	native := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			kind, data, err := c.Read(context.Background())
			if err != nil || c.Write(context.Background(), kind, data[1:]) != nil {
				return
			}
		}
	}))
	defer native.Close()
	for name, url := range map[string]string{"guest": "ws://" + s.address + "/socket?n", "native": "ws" + strings.TrimPrefix(native.URL, "http")} {
		b.Run(name, func(b *testing.B) {
			ctx := b.Context()
			c, _, err := websocket.Dial(ctx, url, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer c.CloseNow()
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Write(ctx, websocket.MessageText, []byte("ehello")); err != nil {
					b.Fatal(err)
				}
				if _, data, err := c.Read(ctx); err != nil || string(data) != "hello" {
					b.Fatalf("%q, %v", data, err)
				}
			}
		})
	}
}

// BenchmarkPublish publishes a message to a hundred connections and waits until the last one has it.
func BenchmarkPublish(b *testing.B) {
	s := newSite(b, "", func(c *config.Config) { c.Log.Access = false })
	var clients []*client
	for range 100 {
		clients = append(clients, s.dial(b, ""))
	}
	for _, c := range clients {
		c.want("welcome1")
	}
	for b.Loop() {
		clients[0].send("phello")
		for _, c := range clients {
			c.want("hello")
		}
	}
}
