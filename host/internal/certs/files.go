package certs

import (
	"context"
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// files is a certificate in a pair of files. They are looked at now and then and not watched: they may be links, lie on any file
// system, and are replaced every few weeks.
type files struct {
	cert, key string
	log       *slog.Logger
	current   atomic.Pointer[tls.Certificate]
	cancel    context.CancelFunc
	running   sync.WaitGroup
}

// Check reports why a pair of files cannot be served, or nil.
func Check(cert, key string) error {
	_, err := load(cert, key)
	return err
}

func openFiles(o Options) (*files, error) {
	f := &files{cert: o.Cert, key: o.Key, log: o.Log}
	before := f.look()
	first, err := load(f.cert, f.key)
	if err != nil {
		return nil, err
	}
	f.use(first)
	every := o.Look
	if every == 0 {
		every = time.Second
	}
	var ctx context.Context
	ctx, f.cancel = context.WithCancel(context.Background())
	f.running.Go(func() { f.follow(ctx, every, before) })
	return f, nil
}

func (f *files) close() {
	f.cancel()
	f.running.Wait()
}

// load reads a pair of files.
func load(cert, key string) (*tls.Certificate, error) {
	certPEM, err := os.ReadFile(cert)
	if err != nil {
		return nil, fmt.Errorf("tls.cert: %w", err)
	}
	keyPEM, err := os.ReadFile(key)
	if err != nil {
		return nil, fmt.Errorf("tls.key: %w", err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("tls.cert %q with tls.key %q: %w", cert, key, err)
	}
	return &pair, nil
}

// use serves a certificate from now on.
func (f *files) use(pair *tls.Certificate) {
	f.current.Store(pair)
	if end := pair.Leaf.NotAfter; time.Now().After(end) {
		f.log.Warn("the certificate has expired; clients will refuse it", "file", f.cert, "expired", end)
	}
}

// versions are the files as they lie there; nil is one that cannot be looked at.
type versions [2]fs.FileInfo

func (f *files) look() versions {
	var v versions
	for i, name := range []string{f.cert, f.key} {
		v[i], _ = os.Stat(name) // a file that is not there is as good a state as any
	}
	return v
}

// equal reports whether nothing was written, replaced or removed in between.
func (v versions) equal(other versions) bool {
	for i := range v {
		a, b := v[i], other[i]
		if a == nil || b == nil {
			if a != nil || b != nil {
				return false
			}
			continue
		}
		if !os.SameFile(a, b) || a.Size() != b.Size() || !a.ModTime().Equal(b.ModTime()) {
			return false
		}
	}
	return true
}

// follow takes up new files when they have been still from one look to the next. What cannot be served is said once, and what was
// before goes on.
func (f *files) follow(ctx context.Context, every time.Duration, served versions) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	last := served
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := f.look()
		if still := now.equal(last); !still || now.equal(served) {
			last = now
			continue
		}
		served = now // or given up, until they change again
		pair, err := load(f.cert, f.key)
		if err != nil {
			f.log.Error("the new certificate cannot be used; the one before stays", "error", err)
			continue
		}
		f.use(pair)
		f.log.Info("certificate taken up", "file", f.cert, "names", pair.Leaf.DNSNames, "expires", pair.Leaf.NotAfter)
	}
}
