package compile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tetratelabs/wazero"
)

// fromStore returns nil where the store has no such module. An entry that is not right in every way is removed.
func (c *Compiler) fromStore(key Key, data []byte) *Code {
	if c.store == nil {
		return nil
	}
	kept, err := c.store.get(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		var module wazero.CompiledModule
		if module, err = c.stage(kept, data); err == nil {
			return newCode(key, module, data, len(kept.code))
		}
	}
	c.warn("a compiled module that was kept cannot be used, and is compiled again", err)
	if !errors.Is(err, errUnstaged) {
		c.store.remove(key)
	}
	return nil
}

var errUnstaged = errors.New("the folder that hands compiled modules over takes no file")

// stage shows the runtime compiled code for as long as it takes to read it.
func (c *Compiler) stage(kept artifact, data []byte) (wazero.CompiledModule, error) {
	remove, err := c.staging.put(kept)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnstaged, err)
	}
	defer remove()
	return c.open(data)
}

// compile fills a folder, shows what came out to the runtime and keeps it. Whatever goes wrong with folders is made good by
// compiling in process, which a child has shown to be bounded by then.
func (c *Compiler) compile(ctx context.Context, key Key, data []byte, bounds Bounds) (*Code, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("compile: %w", context.Cause(ctx))
	}
	made, err := c.produce(ctx, data, bounds)
	if refused, ok := errors.AsType[*Error](err); ok {
		return nil, refused
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("compile: %w", context.Cause(ctx))
	}
	if err == nil {
		var module wazero.CompiledModule
		if module, err = c.stage(made, data); err == nil {
			c.keep(key, made)
			return newCode(key, module, data, len(made.code)), nil
		}
	}
	if !errors.Is(err, errNoFolder) {
		c.warn("a compiled module could not be handed over, and is compiled in process", err)
	}
	module, err := c.direct(data)
	if err != nil {
		return nil, err
	}
	return newCode(key, module, data, 3*len(data)), nil
}

// keep stores what was compiled. That it cannot be kept costs time later.
func (c *Compiler) keep(key Key, made artifact) {
	if c.store == nil {
		return
	}
	if err := c.store.put(key, made); err != nil {
		c.warn("a compiled module is not kept: the cache folder cannot be used", err)
	}
}
