// Command hello is the shortest app: one status, one header, one body.
package main

import "github.com/wasgi/wasgi/guest-sdk/go/wasgi"

func init() { wasgi.Handle(hello) }

func main() {}

func hello(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	start("200 OK", []wasgi.Header{{Name: "name", Value: "wanghui"}})
	return wasgi.Text("<h1>hello world</h1>")
}
