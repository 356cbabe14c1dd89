//go:build !wasip1

package wasgiws

import "sync"

// playing is the host of the test that runs now. A wasm module has one host; tests run side by side, and wait for one another.
var playing struct {
	turn sync.Mutex
	mu   sync.Mutex
	host Host // nil for none
}

// With runs f with host as what the functions of this package speak to. A test kit calls it. It waits until no other one runs, so
// it must not be nested.
func With(host Host, f func()) {
	playing.turn.Lock()
	defer playing.turn.Unlock()
	set(host)
	defer set(nil)
	f()
}

func set(host Host) {
	playing.mu.Lock()
	defer playing.mu.Unlock()
	playing.host = host
}

func outside() Host {
	playing.mu.Lock()
	defer playing.mu.Unlock()
	if playing.host == nil {
		return nowhere{}
	}
	return playing.host
}
