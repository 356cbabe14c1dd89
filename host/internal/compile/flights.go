package compile

import (
	"context"
	"sync"
)

// flights lets one goroutine at a time work on one module, for two reasons: what one compiles, the next finds in the store;
// and wazero shows a module that it has read from its folder to others before it is complete (its issue 2547), so that
// whoever asks for the same bytes in that moment gets one that panics when it is instantiated. The zero value is ready.
type flights struct {
	mu   sync.Mutex
	held map[Key]*flight
}

// flight is one module that somebody works on.
type flight struct {
	turn  chan struct{} // holds a token while somebody has the turn
	users int           // who have it, or wait for it; guarded by the flights' mu
}

// lock waits for the turn, or returns ctx's cause. The caller must call unlock.
func (f *flights) lock(ctx context.Context, key Key) (unlock func(), err error) {
	one := f.join(key)
	select {
	case one.turn <- struct{}{}:
		return func() { <-one.turn; f.leave(key, one) }, nil
	case <-ctx.Done():
		f.leave(key, one)
		return nil, context.Cause(ctx)
	}
}

func (f *flights) join(key Key) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.held[key]
	if one == nil {
		if f.held == nil {
			f.held = map[Key]*flight{}
		}
		one = &flight{turn: make(chan struct{}, 1)}
		f.held[key] = one
	}
	one.users++
	return one
}

func (f *flights) leave(key Key, one *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(f.held, key)
	}
}
