package httpwasm

import (
	"context"

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

	// origin is what all instances start from and are brought back to, with the features that the first one wanted.
	origin engine.Origin[features, *instance]
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
func (p *program) Bytes() int64 { return p.module.Bytes() + p.origin.Bytes() }

// New implements [guest.Program]. With restoring, the first instance is initialised and all others are its copies.
func (p *program) New(ctx context.Context) (guest.Instance, error) {
	if p.isolation != guest.IsolationRequest {
		return p.initialised(ctx)
	}
	i, err := p.origin.Make(func(image *engine.Image, wanted features) (*instance, error) {
		return p.clone(ctx, image, wanted)
	}, func() (*instance, features, error) {
		i, err := p.initialised(ctx)
		if err != nil {
			return nil, 0, err
		}
		return i, i.features, nil
	})
	if err != nil {
		return nil, err
	}
	return i, nil
}

func (p *program) clone(ctx context.Context, image *engine.Image, wanted features) (*instance, error) {
	i := &instance{program: p, features: wanted}
	inner, err := image.Clone(ctx, p.configOf(i))
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
