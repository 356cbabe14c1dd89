package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/gateway"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/route"
	"github.com/wasgi/wasgi/host/internal/supervise"
)

// Call plays one request on one app, without a folder and without a socket: file is the module, with its manifest beside it
// if it has one. The app is mounted at "/", whatever its manifest says. A [*Fault] is returned beside what the client would
// have seen, which w has got by then.
func Call(ctx context.Context, options Options, file string, w http.ResponseWriter, r *http.Request) (err error) {
	h, err := open(ctx, options)
	if err != nil {
		return err
	}
	single := app.New(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	generation, err := h.load(ctx, single, file)
	if err != nil {
		return errors.Join(err, h.Close())
	}
	single.Swap(generation)
	defer func() {
		single.Swap(nil)
		<-generation.Closed()
		_ = h.Close() // everything it held is closed by now
	}()
	table, err := route.New([]route.Mount[*app.App]{{Path: "/", Target: single}})
	if err != nil {
		return err
	}
	var met error
	g := gateway.New(gateway.Options{
		Routes:    func() *gateway.Routes { return table },
		Log:       h.log,
		AccessLog: options.Config.Log.Access,
		Fault:     func(fault *guest.Fault) { met = fault },
	})
	defer func() {
		// A response that could not be completed: the fault says why.
		if r := recover(); r != nil && r != http.ErrAbortHandler {
			panic(r)
		}
		err = met
	}()
	g.ServeHTTP(w, r.WithContext(ctx))
	return nil
}

// load makes a generation of one file.
func (h *Host) load(ctx context.Context, single *app.App, file string) (*app.Generation, error) {
	manifest, err := readManifest(file)
	if err != nil {
		return nil, err
	}
	settings, err := h.loader.Settings(manifest)
	if err != nil {
		return nil, err
	}
	data, err := supervise.ReadModule(file, settings.MaxModule)
	if err != nil {
		return nil, err
	}
	module := guest.File{Name: filepath.Base(file), Data: data}
	program, err := h.loader.Load(ctx, module, settings.Settings, single.Log(h.log, settings.LogLines))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return app.NewGeneration(ctx, single, 1, program, settings.Settings, h.log)
}

// readManifest returns the manifest beside a module, or the zero File.
func readManifest(module string) (guest.File, error) {
	base := strings.TrimSuffix(module, filepath.Ext(module))
	var found []guest.File
	for _, ext := range supervise.ManifestExts {
		data, err := supervise.ReadManifest(base + ext)
		switch {
		case err == nil:
			found = append(found, guest.File{Name: filepath.Base(base + ext), Data: data})
		case !errors.Is(err, fs.ErrNotExist):
			return guest.File{}, err
		}
	}
	switch len(found) {
	case 0:
		return guest.File{}, nil
	case 1:
		return found[0], nil
	}
	return guest.File{}, fmt.Errorf("two manifests, %s and %s: keep one of them", found[0].Name, found[1].Name)
}
