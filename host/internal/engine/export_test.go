package engine

import "maps"

// Linked returns the functions that guests may import from a host module.
func (e *Engine) Linked(module string) map[string]Signature {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return maps.Clone(e.linked[module])
}
