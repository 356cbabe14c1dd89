package wasgihttp

import "net/http"

// WarmUp is what Serve registers: a process can serve but one handler.
func WarmUp(handler http.Handler, opts ...Option) { optionsOf(opts).warmUp(handler) }
