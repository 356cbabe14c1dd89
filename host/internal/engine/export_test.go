package engine

import "maps"

// Linked returns the functions that guests may import from a host module.
func (e *Engine) Linked(module string) map[string]Signature {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return maps.Clone(e.linked[module])
}

// CodeUsers is how many modules share this one's code.
func (m *Module) CodeUsers() int { return m.code.Users() }
