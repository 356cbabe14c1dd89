package engine_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/engine"
)

// write writes texts with one call, and returns how many bytes were taken.
func (c *caller) write(fd uint64, texts ...string) uint32 {
	c.t.Helper()
	vectors, at := uint32(1<<15), uint32(64)
	for _, text := range texts {
		c.put(at, []byte(text))
		c.put(vectors, u32s(at, uint32(len(text))))
		vectors, at = vectors+8, at+uint32(len(text))
	}
	c.expect(0, "fd_write", fd, 1<<15, uint64(len(texts)), 8)
	return c.u32(8)
}

// Standard output and error become lines of the log, each under its own name.
func TestWASIWrite(t *testing.T) {
	t.Parallel()
	c := newCaller(t, engine.Config{})
	if n := c.write(1, "one\ntw"); n != 6 {
		t.Errorf("%d bytes were taken", n)
	}
	if n := c.write(2, "three\n"); n != 6 {
		t.Errorf("%d bytes were taken", n)
	}
	if n := c.write(1, "", "o", "", "\nfour\n", ""); n != 7 {
		t.Errorf("%d bytes were taken", n)
	}
	if n := c.write(1); n != 0 {
		t.Errorf("%d bytes were taken", n)
	}
	if want := []string{"one", "three", "two", "four"}; !slices.Equal(c.lines.got, want) {
		t.Errorf("logged %q, want %q", c.lines.got, want)
	}
}

// One call takes a bounded number of bytes, and says so: whoever writes the rest loses nothing.
func TestWASIWriteIsShort(t *testing.T) {
	t.Parallel()
	c := newCaller(t, engine.Config{})
	line := strings.Repeat("x", 1000) + "\n"
	rest, calls := strings.Repeat(line, 24), 0
	for rest != "" {
		n := c.write(1, rest[:len(rest)/2], rest[len(rest)/2:])
		if n == 0 || n > 16<<10 {
			t.Fatalf("%d bytes were taken", n)
		}
		rest, calls = rest[n:], calls+1
	}
	if calls != 2 || len(c.lines.got) != 24 || c.lines.got[23] != strings.TrimSuffix(line, "\n") {
		t.Errorf("%d calls logged %d lines", calls, len(c.lines.got))
	}
	// Many vectors of one byte: the first 1024 of them.
	c.put(64, []byte("y\n"))
	for k := range uint32(1030) {
		c.put(1<<15+8*k, u32s(64+k%2, 1))
	}
	c.expect(0, "fd_write", 1, 1<<15, 1030, 8)
	if got := c.u32(8); got != 1024 {
		t.Errorf("%d vectors of one byte were taken", got)
	}
}

// A refused write logs nothing and a refused read changes nothing, wherever the bad pointer is.
func TestWASIBadVectors(t *testing.T) {
	t.Parallel()
	c := newCaller(t, engine.Config{})
	c.put(64, []byte("text\n"))
	c.put(1024, u32s(64, 5, top-1, 2))    // the second leaves the memory
	c.put(2048, u32s(64, 5, 64, 1<<32-1)) // its length leaves it
	before := bytes.Clone(c.bytes(0, top))
	for _, name := range []string{"fd_write", "fd_read"} {
		fd := uint64(1)
		if name == "fd_read" {
			fd = 0
		}
		for _, p := range [][3]uint64{
			{1024, 2, 8}, {2048, 2, 8}, {1024, 1, top - 3}, {1024, 1, 1<<32 - 1}, {top, 1, 8}, {top - 7, 1, 8},
			{1024, 1<<29 + 1, 8}, {1024, 1<<32 - 1, 8}, {0, top/8 + 1, 8}, {1<<32 - 8, 1, 8},
		} {
			c.expect(fault, name, fd, p[0], p[1], p[2])
		}
	}
	for _, fd := range []uint64{0, 3, 1<<32 - 1} {
		c.expect(badf, "fd_write", fd, 1024, 1, 8)
	}
	for _, fd := range []uint64{1, 2, 3, 1<<32 - 1} {
		c.expect(badf, "fd_read", fd, 1024, 1, 8)
	}
	if !bytes.Equal(c.bytes(0, top), before) || len(c.lines.got) != 0 {
		t.Errorf("the memory has changed, or %q was logged", c.lines.got)
	}
}

// Standard input is at its end.
func TestWASIRead(t *testing.T) {
	t.Parallel()
	c := newCaller(t, engine.Config{})
	c.put(8, u32s(1234))
	c.put(1024, u32s(64, 100, 200, 100))
	c.expect(0, "fd_read", 0, 1024, 2, 8)
	if got := c.u32(8); got != 0 || !bytes.Equal(c.bytes(64, 300), make([]byte, 300)) {
		t.Errorf("%d bytes were read", got)
	}
}

// The streams look like terminals, so that C libraries write line by line.
func TestWASIStat(t *testing.T) {
	t.Parallel()
	c := newCaller(t, engine.Config{})
	const read, setFlags, write, filestat, seekTell, poll = 1 << 1, 1 << 3, 1 << 6, 1 << 21, 1<<2 | 1<<5, 1 << 27
	for fd, rights := range []uint64{read, write, write} {
		c.put(64, bytes.Repeat([]byte{0xff}, 64))
		c.expect(0, "fd_fdstat_get", uint64(fd), 64)
		if kind, flags := c.u64(64), c.u64(72); kind != 2 || flags != rights|setFlags|filestat|poll || flags&seekTell != 0 {
			t.Errorf("%d: type and flags %#x, rights %#x", fd, kind, flags)
		}
		if inherited, after := c.u64(80), c.u64(88); inherited != 0 || after != 1<<64-1 {
			t.Errorf("%d: inheriting %#x, what lies after it is %#x", fd, inherited, after)
		}
		c.expect(0, "fd_filestat_get", uint64(fd), 64)
		for at, want := range []uint64{0, uint64(fd), 2, 1, 0, 0, 0, 0} {
			if got := c.u64(64 + 8*uint32(at)); got != want {
				t.Errorf("%d: at %d of its filestat stands %d, want %d", fd, 8*at, got, want)
			}
		}
	}
	for name, size := range map[string]uint64{"fd_fdstat_get": 24, "fd_filestat_get": 64} {
		c.expect(0, name, 1, top-size)
		c.expect(fault, name, 1, top-size+1)
		c.expect(fault, name, 1, 1<<32-size)
		c.expect(badf, name, 3, 64)
		c.expect(badf, name, 1<<32-1, 64)
	}
}
