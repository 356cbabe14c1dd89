package engine

import (
	"crypto/sha256"
	"sync"
)

// keyLock lets one goroutine at a time work on one content. wazero shows a module that it has read from the cache folder to
// others before it is complete: whoever compiles the same bytes in that moment gets one that panics when it is run.
// The zero keyLock is ready.
type keyLock struct {
	mu   sync.Mutex
	held map[[sha256.Size]byte]*holders
}

// holders are those who have, or wait for, the lock of one content.
type holders struct {
	sync.Mutex
	n int // guarded by the keyLock's mu
}

// lock waits for the lock of data's content. The caller must call unlock.
func (k *keyLock) lock(data []byte) (unlock func()) {
	key := sha256.Sum256(data)
	k.mu.Lock()
	h := k.held[key]
	if h == nil {
		if k.held == nil {
			k.held = map[[sha256.Size]byte]*holders{}
		}
		h = &holders{}
		k.held[key] = h
	}
	h.n++
	k.mu.Unlock()
	h.Lock()
	return func() {
		h.Unlock()
		k.mu.Lock()
		defer k.mu.Unlock()
		if h.n--; h.n == 0 {
			delete(k.held, key)
		}
	}
}
