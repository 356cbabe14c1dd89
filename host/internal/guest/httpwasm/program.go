package httpwasm

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// program is a loaded module. Its methods may be called concurrently.
type program struct {
	module        *engine.Module
	config        engine.Config
	initializer   string // the export that makes an instance ready, or ""
	configuration []byte
	mostBuffered  int64 // bytes of each of the two bodies that are kept for the guest
	// isolation is what the settings ask for, or fresh where an instance cannot be restored, which why says.
	isolation guest.Isolation
	why       string

	// base is what all instances start from and are brought back to, once there is one; first is held while it is made.
	base  atomic.Pointer[base]
	first sync.Mutex
}

// base is the state of an instance that has been initialised.
type base struct {
	image    *engine.Image
	features features
}

// Kind implements [guest.Program].
func (*program) Kind() string { return "httpwasm" }

// Isolation implements [guest.Program].
func (p *program) Isolation() (guest.Isolation, string) { return p.isolation, p.why }

// Wraps implements [guest.Wrapping].
func (*program) Wraps() bool { return true }

// Close implements [guest.Program].
func (p *program) Close() error { return p.module.Close(context.Background()) }

// Bytes implements [guest.Program].
func (p *program) Bytes() int64 {
	n := p.module.Bytes()
	if b := p.base.Load(); b != nil {
		n += b.image.Bytes()
	}
	return n
}

// New implements [guest.Program]. With restoring, the first instance is initialised and all others are its copies.
func (p *program) New(ctx context.Context) (guest.Instance, error) {
	if p.isolation != guest.IsolationRequest {
		return p.initialised(ctx)
	}
	if b := p.base.Load(); b != nil {
		return p.clone(ctx, b)
	}
	p.first.Lock()
	defer p.first.Unlock()
	if b := p.base.Load(); b != nil {
		return p.clone(ctx, b)
	}
	return p.makeBase(ctx)
}

// makeBase makes the first instance, and the base of it.
func (p *program) makeBase(ctx context.Context) (guest.Instance, error) {
	i, err := p.initialised(ctx)
	if err != nil {
		return nil, err
	}
	image, err := i.Image()
	if err != nil {
		i.Close()
		return nil, err
	}
	p.base.Store(&base{image, i.features})
	p.module.DropData()
	return i, nil
}

func (p *program) clone(ctx context.Context, b *base) (guest.Instance, error) {
	i := &instance{program: p, features: b.features}
	inner, err := b.image.Clone(ctx, p.configOf(i))
	if err != nil {
		return nil, err
	}
	return i.attach(inner), nil
}

// initialised makes an instance from nothing. The guest may say what features it wants while it is made.
func (p *program) initialised(ctx context.Context) (*instance, error) {
	i := &instance{program: p}
	inner, err := p.module.Instantiate(ctx, p.configOf(i), p.initializer)
	if err != nil {
		return nil, err
	}
	return i.attach(inner), nil
}

func (p *program) configOf(i *instance) engine.Config {
	config := p.config
	config.Owner = i
	return config
}

func (i *instance) attach(inner *engine.Instance) *instance {
	i.Instance = inner
	i.handleRequest = inner.Function(exportHandleRequest)
	i.handleResponse = inner.Function(exportHandleResponse)
	inner.SetLog(i.log)
	return i
}
