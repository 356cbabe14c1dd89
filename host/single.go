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

// single is an app without a folder: it is mounted at "/", whatever its manifest says.
type single struct {
	*gateway.Gateway
	app        *app.App
	generation *app.Generation
}

// singleOptions are what differs between those who play requests on a single app.
type singleOptions struct {
	// file is the module's path, for messages.
	file string
	// fault is told of each fault; nil tells nobody.
	fault func(*guest.Fault)
	// watch may put something between the app and its program; nil does not.
	watch func(guest.Program) guest.Program
}

// single makes an app of a module. It must be closed before the host.
func (h *Host) single(ctx context.Context, module guest.File, settings guest.Settings, o singleOptions) (*single, error) {
	s := &single{app: app.New(strings.TrimSuffix(module.Name, filepath.Ext(module.Name)))}
	table, err := route.New([]route.Mount[*app.App]{{Path: "/", Target: s.app}})
	if err != nil {
		return nil, err
	}
	s.Gateway = gateway.New(gateway.Options{
		Routes:    func() *gateway.Routes { return table },
		Log:       h.log,
		AccessLog: h.config.Log.Access,
		Fault:     o.fault,
	})
	program, err := h.loader.Load(ctx, module, settings, s.app.Log(h.log, settings.LogLines))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.file, err)
	}
	if o.watch != nil {
		program = o.watch(program)
	}
	if s.generation, err = app.NewGeneration(ctx, s.app, 1, program, settings, h.log); err != nil {
		return nil, err
	}
	s.app.Swap(s.generation)
	return s, nil
}

// play plays one request. A response that cannot be completed is cut off, as a server would cut the connection.
func (s *single) play(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if r := recover(); r != nil && r != http.ErrAbortHandler {
			panic(r)
		}
	}()
	s.ServeHTTP(w, r)
}

// close returns when the app has released all it held.
func (s *single) close() {
	s.app.Swap(nil)
	<-s.generation.Closed()
}

// read reads a module and what its manifest says.
func (h *Host) read(file string) (guest.File, guest.Settings, error) {
	_, settings, err := h.settingsOf(file)
	if err != nil {
		return guest.File{}, guest.Settings{}, err
	}
	data, err := supervise.ReadModule(file, settings.MaxModule)
	return guest.File{Name: filepath.Base(file), Data: data}, settings, err
}

// settingsOf returns what the app of that file runs under, and the name of its manifest, "" if it has none.
func (h *Host) settingsOf(file string) (manifest string, settings guest.Settings, err error) {
	found, err := readManifest(file)
	if err != nil {
		return "", guest.Settings{}, err
	}
	all, err := h.loader.Settings(found)
	return found.Name, all.Settings, err
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
