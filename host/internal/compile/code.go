package compile

import (
	"context"

	"github.com/tetratelabs/wazero"
)

// Code is compiled code, one for all who have loaded the same module. It may be used concurrently.
type Code struct {
	// Module is ready to be instantiated. Whoever has the code must not close it.
	Module wazero.CompiledModule
	// Bytes is about what the code takes in memory.
	Bytes int64

	compiler *Compiler
	key      Key
	users    int // guarded by the compiler's mu; not used any more once it is 0
}

// newCode makes code of what was loaded from data. machine is how many bytes of machine code came out, as far as is known.
func newCode(key Key, module wazero.CompiledModule, data []byte, machine int) *Code {
	const decoded = 3 // times the module: its bytes, which the runtime keeps, and what it has made of them
	return &Code{Module: module, Bytes: int64(machine + decoded*len(data)), key: key}
}

// Users is how many have loaded the code and not closed it yet.
func (c *Code) Users() int {
	c.compiler.mu.Lock()
	defer c.compiler.mu.Unlock()
	return c.users
}

// Close is to be called once for each time that the code was loaded, when its instances are closed. The last call releases it.
func (c *Code) Close(ctx context.Context) error {
	c.compiler.mu.Lock()
	c.users--
	last := c.users == 0
	if last {
		delete(c.compiler.loaded, c.key)
	}
	c.compiler.mu.Unlock()
	if !last {
		return nil
	}
	return c.Module.Close(ctx)
}

// share returns the code of a module that somebody has loaded, or nil.
func (c *Compiler) share(key Key) *Code {
	c.mu.Lock()
	defer c.mu.Unlock()
	code := c.loaded[key]
	if code != nil {
		code.users++
	}
	return code
}

// add notes what was loaded. The key's lock is held: nobody else loads it.
func (c *Compiler) add(code *Code) *Code {
	code.compiler, code.users = c, 1
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loaded[code.key] = code
	return code
}
