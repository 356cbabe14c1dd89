package relay

import (
	"sync"

	"github.com/wasgi/wasgi/abi"
)

// Stage holds the host that tests speak to. A wasm module has one host; tests run side by side, and wait for one another.
type Stage struct {
	turn sync.Mutex
	mu   sync.Mutex
	host Host
}

// With runs f with that host. It must not be nested.
func (s *Stage) With(host Host, f func()) {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.set(host)
	defer s.set(nil)
	f()
}

func (s *Stage) set(host Host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.host = host
}

// Host is the one of the test that runs now, or one that refuses everything.
func (s *Stage) Host() Host {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.host == nil {
		return nowhere{}
	}
	return s.host
}

// nowhere is the host of a program that is no guest.
type nowhere struct{}

func (nowhere) Call(string, []byte, []byte, bool) int32 { return abi.CodeState.Errno() }
func (nowhere) ReadHead(int32, []byte) int32            { return abi.CodeState.Errno() }
func (nowhere) ReadBody(int32, []byte) int32            { return abi.CodeState.Errno() }
func (nowhere) Close(int32) int32                       { return abi.CodeState.Errno() }
