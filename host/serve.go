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

// Run listens where the configuration says and serves until ctx is done; then it ends as [Host.Serve] says.
func (h *Host) Run(ctx context.Context) error {
	listeners, err := Listen(h.config)
	if err != nil {
		return err
	}
	return h.Serve(ctx, listeners...)
}

// Serve serves HTTP on the listeners, which it closes, until ctx is done: HTTPS on a [TLSListener], plain HTTP on any other. Then it
// tells clients in each answer that their connections end, goes on accepting for shutdown_delay, gives requests that are under way
// shutdown_timeout to finish, and cuts off those that have not. It returns nil after such an end, also a forced one; the log says
// whether any were cut off.
func (h *Host) Serve(ctx context.Context, listeners ...net.Listener) error {
	requests, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(nil)
	f, err := h.openFront(requests, listeners)
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	defer f.close()
	failed := make(chan error, len(f.listeners))
	for _, listener := range f.listeners {
		go func() {
			err := f.server.Serve(listener)
			failed <- fmt.Errorf("serve %s: %w", listener.Addr(), err)
		}()
	}
	running := len(f.listeners)
	select {
	case err = <-failed:
		running--
		_ = f.server.Close() // a server that lacks one of its listeners is none
	case <-ctx.Done():
		f.drain(cut)
	}
	f.door.Close()
	for range running {
		<-failed
	}
	return err
}

// server is a server around a handler, with the configuration's limits. requests is the context of all requests.
func (h *Host) server(requests context.Context, handler http.Handler) *http.Server {
	s := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: h.config.Server.ReadHeaderTimeout,
		IdleTimeout:       h.config.Server.IdleTimeout,
		WriteTimeout:      h.config.Defaults.WriteTimeout, // of answers that no app gives; exchanges set their own
		MaxHeaderBytes:    int(h.config.Server.MaxHeaderBytes),
		// The gateway knows whether an app answers OPTIONS *.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
		BaseContext:                  func(net.Listener) context.Context { return requests },
		Protocols:                    new(http.Protocols),
		HTTP2:                        http2Limits(h.config.Defaults.WriteTimeout),
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetHTTP2(true)
	s.Protocols.SetUnencryptedHTTP2(h.config.Server.H2C)
	return s
}

// http2Limits bounds what one connection of HTTP/2 may take: net/http's own bounds are for few connections with much to say.
func http2Limits(writeTimeout time.Duration) *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams:          100,              // the least that clients may count on
		MaxReadFrameSize:              16 << 10,         // the least there is; each connection keeps a buffer for one
		MaxReceiveBufferPerStream:     128 << 10,        // what clients may send ahead of what an app has read
		MaxReceiveBufferPerConnection: 1 << 20,          // so that a few streams that nobody reads do not hold up the others
		SendPingTimeout:               30 * time.Second, // finds clients that are gone without a word
		PingTimeout:                   15 * time.Second,
		WriteByteTimeout:              writeTimeout,
	}
}

const (
	// grace is how long a guest that was told to end may take to do so, before its connection is closed under it.
	grace = time.Second
	// quiet is how long a connection must have had nothing to do before it is closed at the end of a server. Who has just got an
	// answer is likely to send the next request at once, and would have it lost.
	quiet = 500 * time.Millisecond
)

// drain ends the server: see [Host.Serve]. Requests that do not finish in time are ended like any other deadline.
func (f *front) drain(cut context.CancelCauseFunc) {
	f.host.log.Info("shutting down", "delay", f.host.config.Server.ShutdownDelay.String(),
		"timeout", f.host.config.Server.ShutdownTimeout.String())
	told := f.drained.Begin()
	time.Sleep(f.host.config.Server.ShutdownDelay)
	f.door.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), f.host.config.Server.ShutdownTimeout)
	defer cancel()
	var sockets sync.WaitGroup
	sockets.Go(func() { f.host.sockets.Close(ctx) }) // or their handshakes would be requests that never end
	f.settle(ctx, told)
	f.door.CloseSilent()
	err := f.server.Shutdown(ctx)
	sockets.Wait()
	if !errors.Is(err, context.DeadlineExceeded) {
		return
	}
	f.host.log.Warn("requests were still running after shutdown_timeout and are cut off")
	cut(guest.ErrShutdown)
	ctx, cancel = context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := f.server.Shutdown(ctx); err != nil {
		_ = f.server.Close() // closes the connections; there is nothing left to wait for
	}
}

// settle waits until every client has either been told that its connection ends or has been quiet for a while.
func (f *front) settle(ctx context.Context, told <-chan struct{}) {
	select {
	case <-told:
	case <-f.door.Empty():
	case <-ctx.Done():
	}
	still := time.NewTimer(quiet)
	defer still.Stop()
	select {
	case <-still.C:
	case <-f.door.Empty():
	case <-ctx.Done():
	}
}
