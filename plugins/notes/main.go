// Command notes is a small web application on net/http: a list, a form, validation, and a style sheet of its own. It keeps
// its notes in memory, so its manifest asks for one instance whose state lives on between requests.
package main

import "github.com/wasgi/wasgi/guest-sdk/go/wasgihttp"

func init() { wasgihttp.Serve(newApp(new(store))) }

func main() {}
