package relay_test

import (
	"errors"
	"testing"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/relay"
)

// caller is a guest with a memory of one page.
type caller struct {
	memory   []byte
	exchange guest.Exchange
}

func (c *caller) View(ptr, length uint32) ([]byte, bool) {
	end := uint64(ptr) + uint64(length)
	if end > uint64(len(c.memory)) {
		return nil, false
	}
	return c.memory[ptr:end], true
}

func (c *caller) Writable(ptr, length uint32) ([]byte, bool) { return c.View(ptr, length) }
func (c *caller) Exchange() guest.Exchange                   { return c.exchange }

// talker is an exchange that says what it was asked.
type talker struct {
	guest.Exchange
	name          string
	environ, body []byte
	rest          bool
	closed        int
}

func (r *talker) CallNext(environ, body []byte, rest bool) (int, error) {
	return r.CallApp("", environ, body, rest)
}

func (r *talker) CallApp(name string, environ, body []byte, rest bool) (int, error) {
	r.name, r.environ, r.body, r.rest = name, environ, body, rest
	return 3, nil
}

func (r *talker) Head(int) ([]byte, error) { return []byte("a head"), nil }

func (r *talker) Body(_ int, p []byte) (int, error) { return copy(p, "a body"), nil }

func (r *talker) CloseCall(handle int) error {
	r.closed = handle
	return nil
}

func imports() map[string]guest.Import {
	all := map[string]guest.Import{}
	for _, i := range relay.Imports() {
		all[i.Module+"."+i.Name] = i
	}
	return all
}

// Whatever pointers a guest passes, it gets CodeFault if any of it lies outside of its memory, and else CodeState without an exchange.
func FuzzPointers(f *testing.F) {
	f.Add(uint32(0), uint32(1<<16), uint32(1<<16), uint32(0), uint32(1<<32-1), uint32(1))
	f.Add(uint32(1<<16), uint32(1), uint32(0), uint32(0), uint32(0), uint32(0))
	f.Fuzz(func(t *testing.T, a, b, c, d, e, g uint32) {
		for name, i := range imports() {
			p := []uint64{uint64(a), uint64(b), uint64(c), uint64(d), uint64(e), uint64(g), 1}[:len(i.Params)]
			pairs := map[string][]int{"call": {0, 2, 4}, "read_head": {1}, "read_body": {1}}[i.Name]
			want := abi.CodeState
			for _, at := range pairs {
				if at+1 < len(p) && uint64(uint32(p[at]))+uint64(uint32(p[at+1])) > 1<<16 {
					want = abi.CodeFault
				}
			}
			if _, err := i.Call(t.Context(), &caller{memory: make([]byte, 1<<16)}, p); !errors.Is(err, want) {
				t.Errorf("%s%v: %v, want %v", name, p, err, want)
			}
		}
	})
}

// What a guest passes reaches the exchange, and what that says the guest; a head that does not fit is not written.
func TestCalls(t *testing.T) {
	t.Parallel()
	all, r := imports(), &talker{}
	c := &caller{memory: []byte("usersENVbody............"), exchange: r}
	ask := func(name string, params ...uint64) int {
		n, err := all[name].Call(t.Context(), c, params)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return n
	}
	if n := ask("wasgi_apps_v1.call", 0, 5, 5, 3, 8, 4, 1); n != 3 || r.name != "users" || string(r.environ) != "ENV" || string(r.body) != "body" || !r.rest {
		t.Errorf("call = %d, %+v", n, r)
	}
	if n := ask("wasgi_next_v1.call", 5, 3, 8, 4, 0); n != 3 || r.name != "" || string(r.environ) != "ENV" || string(r.body) != "body" || r.rest {
		t.Errorf("call = %d, %+v", n, r)
	}
	c.memory[5] = '-'
	if string(r.environ) != "ENV" {
		t.Error("the environ is the guest's memory")
	}
	if n := ask("wasgi_next_v1.read_head", 3, 12, 5); n != 6 || string(c.memory[12:]) != "............" {
		t.Errorf("read_head with too little room = %d, %q", n, c.memory)
	}
	if n := ask("wasgi_next_v1.read_head", 3, 12, 7); n != 6 || string(c.memory[12:]) != "a head......" {
		t.Errorf("read_head = %d, %q", n, c.memory)
	}
	if n := ask("wasgi_apps_v1.read_body", 3, 12, 3); n != 3 || string(c.memory[12:]) != "a bead......" {
		t.Errorf("read_body = %d, %q", n, c.memory)
	}
	if ask("wasgi_apps_v1.close", 3); r.closed != 3 {
		t.Error("not closed")
	}
}
