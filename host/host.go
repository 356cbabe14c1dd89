// Package host serves a folder of sandboxed web apps, each a WebAssembly module, and can be embedded in any Go program:
//
//	cfg := config.Default()
//	cfg.Apps.Dir = "apps"
//	h, err := host.Open(ctx, host.Options{Config: cfg})
//	if err != nil { … }
//	defer h.Close()
//	http.ListenAndServe("127.0.0.1:8080", h)
//
// The program's main function calls [CompilerMain] before anything else. A [Host] is an [http.Handler]. [Host.Run] is a whole server
// around it, with the listeners, certificates, limits and timeouts of the configuration and a graceful end, and [Host.Serve] the same
// on other listeners. Several hosts may live in one process.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/forwarded"
	"github.com/wasgi/wasgi/host/internal/gateway"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guest/cgi"
	"github.com/wasgi/wasgi/host/internal/guest/httpwasm"
	"github.com/wasgi/wasgi/host/internal/guest/wasgi"
	"github.com/wasgi/wasgi/host/internal/relay"
	"github.com/wasgi/wasgi/host/internal/socket"
	"github.com/wasgi/wasgi/host/internal/supervise"
)

// ABIVersion is the version of the contract with guests that this host keeps; abi/SPEC.md is its text.
const ABIVersion = abi.Version

// Options configures a Host.
type Options struct {
	// Config is what [config.Load] or [config.Default] returned.
	Config config.Config
	// Log takes what the host and its guests have to say; nil discards it.
	Log *slog.Logger
}

// Fault is what a guest did or met, as logs and [Host.Call] report it.
type Fault = guest.Fault

// Status is one app as operators see it.
type Status = supervise.Status

// Host serves the apps of one folder. Its methods may be called concurrently.
type Host struct {
	config     config.Config
	log        *slog.Logger
	engine     *engine.Engine
	loader     *loader
	supervisor *supervise.Supervisor
	gateway    *gateway.Gateway
	proxies    *forwarded.Trust // nil where none is believed
	sockets    *socket.Sockets
	watcher    *Watcher // nil where the folder is not watched
	following  sync.WaitGroup
	close      func() error
}

// Open starts a host: it loads the apps and returns when each of them serves or has been reported to the log. An app that
// cannot be loaded is no error; a folder that is not there is one. ctx bounds the start alone.
func Open(ctx context.Context, options Options) (*Host, error) {
	if err := checkDir(options.Config.Apps.Dir); err != nil {
		return nil, err
	}
	h, err := open(ctx, options)
	if err != nil {
		return nil, err
	}
	if err := h.start(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// open wires the rooms together and loads nothing.
func open(ctx context.Context, options Options) (*Host, error) {
	h := &Host{config: options.Config, log: options.Log, sockets: socket.New()}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if h.proxies, err = forwarded.NewTrust(options.Config.Server.TrustedProxies, forwarded.Dialect(options.Config.Server.Forwarded)); err != nil {
		return nil, err
	}
	if h.engine, err = engine.New(ctx, engine.Options{
		CacheDir: cacheDir(options.Config), Memory: memoryBudget(options.Config.Server.Memory), Log: h.log,
	}); err != nil {
		return nil, err
	}
	middleware, err := httpwasm.New(ctx, h.engine)
	if err != nil {
		return nil, errors.Join(err, h.engine.Close(ctx))
	}
	kind, err := wasgi.New(ctx, h.engine)
	if err = errors.Join(err, h.engine.LinkImports(ctx, slices.Concat(h.sockets.Imports(), relay.Imports()))); err != nil {
		return nil, errors.Join(err, h.engine.Close(ctx))
	}
	h.loader = &loader{kinds: []guest.Kind{middleware, cgi.New(h.engine), kind}, defaults: options.Config.Defaults}
	h.supervisor = supervise.New(supervise.Options{
		Dir:      options.Config.Apps.Dir,
		Loader:   h.loader,
		Max:      options.Config.Apps.Max,
		Parallel: runtime.GOMAXPROCS(0),
		Memory:   programBudget(options.Config.Apps.Memory),
		Log:      h.log,
		Retired:  h.sockets.Retire,
	})
	h.gateway = gateway.New(gateway.Options{
		Routes:    h.supervisor.Routes,
		Log:       h.log,
		AccessLog: options.Config.Log.Access,
		Proxies:   h.proxies,
		Sockets:   h.sockets,

		Middleware: h.supervisor.Middleware,
		App:        h.supervisor.App,
	})
	h.close = sync.OnceValue(h.shut)
	return h, nil
}

// start loads the apps and follows the folder from there on.
func (h *Host) start(ctx context.Context) error {
	if h.config.Apps.Watch {
		// Before the first look, so that a change in between is seen by one of the two.
		watcher, err := Watch(context.WithoutCancel(ctx), WatchOptions{
			Dir: h.config.Apps.Dir, Settle: h.config.Apps.Settle, Match: h.relevant, Log: h.log,
		})
		if err != nil {
			return err
		}
		h.watcher = watcher
	}
	h.supervisor.Reconcile(nil)
	if err := h.supervisor.Wait(ctx); err != nil {
		return fmt.Errorf("load the apps: %w", err)
	}
	if h.watcher != nil {
		h.following.Go(func() { h.supervisor.Follow(h.watcher.Changes()) })
	}
	return nil
}

// relevant keeps the watcher out of folders that hold source.
func (h *Host) relevant(rel string, dir bool) bool {
	if !supervise.Relevant(rel, dir) {
		return false
	}
	return !dir || !supervise.IsSourceDir(filepath.Join(h.config.Apps.Dir, filepath.FromSlash(rel)))
}

// ServeHTTP implements [http.Handler]. It panics with [http.ErrAbortHandler] to cut a connection whose response cannot be
// completed; net/http expects that.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.gateway.ServeHTTP(w, r) }

// Reload reads all apps again, also those that failed, and returns when they have been loaded or reported, or with ctx's
// cause.
func (h *Host) Reload(ctx context.Context) error {
	h.supervisor.Reconcile(nil)
	return h.supervisor.Wait(ctx)
}

// Status lists the apps in lexical order.
func (h *Host) Status() []Status { return h.supervisor.Status() }

// Close stops following the folder, retires all apps, waits up to shutdown_timeout until they have drained, and releases
// everything the host holds. It may be called again, and then returns the same.
func (h *Host) Close() error { return h.close() }

func (h *Host) shut() error {
	var problems []error
	if h.watcher != nil {
		problems = append(problems, h.watcher.Close())
		h.following.Wait()
	}
	ctx, cancel := context.WithTimeout(context.Background(), h.config.Server.ShutdownTimeout)
	defer cancel()
	h.sockets.Close(ctx)
	if err := h.supervisor.Close(ctx); err != nil {
		// A guest still runs. Closing the engine under it would free memory that it uses.
		return errors.Join(append(problems, fmt.Errorf("close: requests were still running after shutdown_timeout: %w", err))...)
	}
	return errors.Join(append(problems, h.engine.Close(context.Background()))...)
}

// checkDir says what is wrong with an apps folder.
func checkDir(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("apps folder %q: does not exist; create it or name another", dir)
	case err != nil:
		return fmt.Errorf("apps folder: %w", err)
	case !info.IsDir():
		return fmt.Errorf("apps folder %q: is a file, not a folder; `wasgi call` runs a single app", dir)
	}
	return nil
}

// cacheDir is where compiled modules are kept; "" where the user has no cache folder.
func cacheDir(cfg config.Config) string {
	if cfg.Apps.Cache != "" {
		return cfg.Apps.Cache
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "wasgi")
}
