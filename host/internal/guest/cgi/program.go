package cgi

import (
	"context"

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

	// origin is what all instances start from and are brought back to: a module in which nothing but its start section has run.
	origin engine.Origin[struct{}, *engine.Instance]
}

// Kind implements [guest.Program].
func (*program) Kind() string { return "cgi" }

// Isolation implements [guest.Program].
func (p *program) Isolation() (guest.Isolation, string) { return p.isolation, p.why }

// Close implements [guest.Program].
func (p *program) Close() error { return p.module.Close(context.Background()) }

// Bytes implements [guest.Program].
func (p *program) Bytes() int64 { return p.module.Bytes() + p.origin.Bytes() }

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
	return p.origin.Make(func(image *engine.Image, _ struct{}) (*engine.Instance, error) {
		return image.Clone(ctx, p.config)
	}, func() (i *engine.Instance, none struct{}, err error) {
		i, err = p.module.Instantiate(ctx, p.config, "")
		return i, none, err
	})
}
