package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// Run listens on the configured address and serves until ctx is done; then it ends as [Host.Serve] says.
func (h *Host) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", h.config.Server.Listen)
	if err != nil {
		return fmt.Errorf("server.listen: %w", err)
	}
	return h.Serve(ctx, listener)
}

// Serve serves HTTP/1.1 on the listener, which it closes, until ctx is done. Then it accepts no more, gives requests that are
// under way shutdown_timeout to finish, and cuts off those that have not. It returns nil after such an end, also a forced
// one; the log says how many were cut off.
func (h *Host) Serve(ctx context.Context, listener net.Listener) error {
	requests, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(nil)
	server := h.server(requests, h)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	h.log.Info("shutting down", "timeout", h.config.Server.ShutdownTimeout.String())
	h.drain(server, cut)
	<-failed
	return nil
}

// server is a server around a handler, with the configuration's limits. requests is the context of all requests.
func (h *Host) server(requests context.Context, handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: h.config.Server.ReadHeaderTimeout,
		IdleTimeout:       h.config.Server.IdleTimeout,
		WriteTimeout:      h.config.Defaults.WriteTimeout, // of answers that no app gives; exchanges set their own
		MaxHeaderBytes:    int(h.config.Server.MaxHeaderBytes),
		ErrorLog:          slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
}

// grace is how long a guest that was told to end may take to do so, before its connection is closed under it.
const grace = time.Second

// drain lets requests finish within shutdown_timeout. Those that do not are ended like any other deadline.
func (h *Host) drain(server *http.Server, cut context.CancelCauseFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), h.config.Server.ShutdownTimeout)
	defer cancel()
	var sockets sync.WaitGroup
	sockets.Go(func() { h.sockets.Close(ctx) }) // the server does not know them
	err := server.Shutdown(ctx)
	sockets.Wait()
	if !errors.Is(err, context.DeadlineExceeded) {
		return
	}
	h.log.Warn("requests were still running after shutdown_timeout and are cut off")
	cut(guest.ErrShutdown)
	ctx, cancel = context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close() // closes the connections; there is nothing left to wait for
	}
}
