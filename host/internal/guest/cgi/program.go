package cgi

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// program is a loaded module. Its methods may be called concurrently.
type program struct {
	module  *engine.Module
	config  engine.Config
	granted []string // the environment beside a request's variables
	// isolation is request or fresh; why says what it is for another one than was asked for.
	isolation guest.Isolation
	why       string

	// image is what all instances start from and are brought back to, once there is one: a module in which nothing but its start
	// section has run. first is held while it is made.
	image atomic.Pointer[engine.Image]
	first sync.Mutex
}

// Kind implements [guest.Program].
func (*program) Kind() string { return "cgi" }

// Isolation implements [guest.Program].
func (p *program) Isolation() (guest.Isolation, string) { return p.isolation, p.why }

// Close implements [guest.Program].
func (p *program) Close() error { return p.module.Close(context.Background()) }

// Bytes implements [guest.Program].
func (p *program) Bytes() int64 {
	n := p.module.Bytes()
	if image := p.image.Load(); image != nil {
		n += image.Bytes()
	}
	return n
}

// New implements [guest.Program].
func (p *program) New(ctx context.Context) (guest.Instance, error) {
	inner, err := p.make(ctx)
	if err != nil {
		return nil, err
	}
	return newInstance(p, inner), nil
}

func (p *program) make(ctx context.Context) (*engine.Instance, error) {
	if p.isolation == guest.IsolationFresh {
		return p.module.Instantiate(ctx, p.config, "")
	}
	if image := p.image.Load(); image != nil {
		return image.Clone(ctx, p.config)
	}
	p.first.Lock()
	defer p.first.Unlock()
	if image := p.image.Load(); image != nil {
		return image.Clone(ctx, p.config)
	}
	return p.makeFirst(ctx)
}

// makeFirst makes the first instance, and the image of it.
func (p *program) makeFirst(ctx context.Context) (*engine.Instance, error) {
	inner, err := p.module.Instantiate(ctx, p.config, "")
	if err != nil {
		return nil, err
	}
	image, err := inner.Image()
	if err != nil {
		inner.Close()
		return nil, err
	}
	p.image.Store(image)
	p.module.DropData()
	return inner, nil
}
