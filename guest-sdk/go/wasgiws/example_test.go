package wasgiws_test

import (
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgiws"
)

func page(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	start("200 OK", []wasgi.Header{{Name: "Content-Type", Value: "text/html"}})
	return wasgi.Text("…")
}

// What one client says, all hear. In an app this stands in an init function.
func ExampleServe() {
	wasgi.Handle(page)
	wasgiws.Serve(wasgiws.Handler{
		Open:    func(c *wasgiws.Conn) error { return c.Subscribe("news") },
		Message: func(c *wasgiws.Conn, m *wasgiws.Message) { wasgiws.PublishText("news", m.Text()) },
	})
}
