package engine

import "maps"

// Linked returns the functions that guests may import from a host module.
func (e *Engine) Linked(module string) map[string]Signature {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return maps.Clone(e.linked[module])
}

// Reserved is how much of the budget of memory is given out, in bytes.
func (e *Engine) Reserved() int64 { return e.arena.used.Load() }

// CodeUsers is how many modules share this one's code.
func (m *Module) CodeUsers() int { return m.code.Users() }
