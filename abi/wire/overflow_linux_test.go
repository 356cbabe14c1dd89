package wire_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/wasgi/wasgi/abi/wire"
)

// Four GiB of address space without memory behind it: reading one byte of it would crash the test, so the refusal must
// come before anything is copied.
func TestAHugeFieldIsRefusedUnread(t *testing.T) {
	t.Parallel()
	huge, err := syscall.Mmap(-1, 0, 1<<32, syscall.PROT_NONE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	if err != nil {
		t.Skipf("no address space for it: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(huge); err != nil {
			t.Error(err)
		}
	})
	for name, add := range map[string]func(*wire.Encoder){
		"key":   func(e *wire.Encoder) { e.AddBytes(huge, nil) },
		"value": func(e *wire.Encoder) { e.AddBytes(nil, huge) },
		"both":  func(e *wire.Encoder) { e.AddBytes(huge, huge) },
	} {
		var e wire.Encoder
		add(&e)
		if b, err := e.Bytes(); !errors.Is(err, wire.ErrOverflow) {
			t.Errorf("%s: got %d bytes, %v, want ErrOverflow", name, len(b), err)
		}
		if e.Cap() > 64 {
			t.Errorf("%s: the refused field made the buffer grow to %d bytes", name, e.Cap())
		}
	}
}
