package host

import (
	"context"
	"net/http"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// Call plays one request on one app, without a folder and without a socket: file is the module, with its manifest beside it
// if it has one. The app is mounted at "/", whatever its manifest says. A [*Fault] is returned beside what the client would
// have seen, which w has got by then.
func Call(ctx context.Context, options Options, file string, w http.ResponseWriter, r *http.Request) error {
	h, err := open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }() // everything it held is closed by then
	module, settings, err := h.read(file)
	if err != nil {
		return err
	}
	var met error
	app, err := h.single(ctx, module, settings, singleOptions{file: file, fault: func(fault *guest.Fault) { met = fault }})
	if err != nil {
		return err
	}
	defer app.close()
	app.play(w, r.WithContext(ctx))
	return met
}
