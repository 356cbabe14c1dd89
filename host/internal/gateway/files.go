package gateway

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/wasgi/wasgi/host/internal/static"
)

// serveFile answers with a file of the app's folder and returns answered. It returns 0 where no file answers, and otherwise the
// status to refuse the request with. whole says that no part of the path is out of bounds: an encoded slash is in no file's name. A GET
// that asks for a WebSocket asks for no file.
func (x *exchange) serveFile(whole bool) int {
	if !whole || !x.reads() || strings.EqualFold(first(x.request.Header["Upgrade"]), "websocket") {
		return 0
	}
	for folder := x.app.Public(); folder != nil; folder = x.app.Public() {
		file, err := folder.Find(x.pathInfo, x.request.Header["Accept-Encoding"])
		switch {
		case err == nil:
			return x.deliver(folder, file)
		case errors.Is(err, os.ErrClosed):
			continue // another has been put in its place since
		case errors.Is(err, static.ErrNone):
			if err != static.ErrNone {
				x.hostLog().Warn("file not served", "path", x.request.URL.EscapedPath(), "cause", err)
			}
			return 0
		}
		x.hostLog().Error("file not readable", "path", x.request.URL.EscapedPath(), "cause", err)
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			return http.StatusServiceUnavailable
		}
		return http.StatusInternalServerError
	}
	return 0
}

// nothing answers for an app without a module, of whose files none is what was asked for, and for one that was removed since the
// look-up: with the folder's page for that, if it has one.
func (x *exchange) nothing() int {
	folder := x.app.Public()
	if folder == nil {
		return http.StatusNotFound
	}
	if !x.reads() {
		x.writer.Header().Set("Allow", "GET, HEAD")
		return http.StatusMethodNotAllowed
	}
	file, err := folder.Missing(x.request.Header["Accept-Encoding"])
	if err != nil {
		return http.StatusNotFound
	}
	return x.deliver(folder, file)
}

// reads reports whether the request's method is one that files answer.
func (x *exchange) reads() bool {
	return x.request.Method == http.MethodGet || x.request.Method == http.MethodHead
}

// deliver serves a file, and returns answered, or the status to refuse the request with.
func (x *exchange) deliver(folder *static.Folder, file *static.File) int {
	header := x.writer.Header()
	header["Server"] = []string{serverName}
	if longest := folder.Options().MaxDuration; longest > 0 {
		x.over = x.life.started.Add(longest)
	}
	x.skipInput()
	x.closeUnlessRead(header)
	outcome := file.Serve(x.writer, x.request, x.extend, x.compressors)
	x.status, x.moved = outcome.Status, outcome.Sent
	switch {
	case outcome.Cut:
		x.hostLog().Warn("the file has become shorter while it was sent; the connection is cut", "path", x.request.URL.EscapedPath())
		panic(http.ErrAbortHandler)
	case outcome.Refused:
		return outcome.Status
	}
	x.committed = true
	if x.oneAtATime() && !x.input.ended {
		_ = x.control().SetReadDeadline(time.Now().Add(folder.Options().WriteTimeout)) // as abandonInput does for an app
	}
	return answered
}

// extend gives the client that long to take what comes next, but no longer than the exchange may last.
func (x *exchange) extend(timeout time.Duration) {
	deadline := x.over
	if timeout > 0 {
		deadline = x.within(time.Now().Add(timeout))
	}
	_ = x.control().SetWriteDeadline(deadline) // a writer without deadlines, such as a recorder, never stalls
}
