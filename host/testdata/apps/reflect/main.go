// Command reflect tells in its response's headers what it was asked: method, target and each header, the values of a repeated one one by
// one. It is what the conformance kit of http-wasm wants to find behind a middleware.
package main

import (
	"fmt"
	"strings"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

func init() { wasgi.Handle(reflect) }

func main() {}

func reflect(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	headers := []wasgi.Header{
		{Name: "x-httpwasm-next-method", Value: env.Get("REQUEST_METHOD")},
		{Name: "x-httpwasm-next-uri", Value: env.Get("RAW_URI")},
	}
	for key, value := range env.All() {
		name, ok := strings.CutPrefix(key, "HTTP_")
		if !ok {
			continue
		}
		name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
		for n, one := range strings.Split(value, ",") {
			headers = append(headers, wasgi.Header{Name: fmt.Sprintf("x-httpwasm-next-header-%s-%d", name, n), Value: one})
		}
	}
	if _, err := start("200 OK", headers); err != nil {
		panic(err)
	}
	return nil
}
