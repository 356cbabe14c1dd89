package buffer_test

import (
	"math"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/go/internal/buffer"
)

// Not parallel: there is one buffer.
func TestBuffer(t *testing.T) {
	if got := buffer.At(0, 0); got != nil {
		t.Errorf("%d bytes before there is a buffer", len(got))
	}
	for _, length := range []int32{-1, math.MinInt32, math.MaxInt32, math.MaxInt32 - 6} {
		if got := buffer.Allocate(length); got != 0 {
			t.Errorf("Allocate(%d) = %d", length, got)
		}
	}
	for _, length := range []int32{0, 1, 8, 16384} {
		at := buffer.Allocate(length)
		if at == 0 || at%8 != 0 {
			t.Errorf("Allocate(%d) = %d", length, at)
		}
		got := buffer.At(at, uint32(length))
		if got == nil || len(got) != int(length) {
			t.Errorf("of %d bytes %d are there", length, len(got))
		}
		for i := range got {
			got[i] = 1
		}
		if buffer.At(at+8, 0) != nil || buffer.At(at, uint32(length)+16) != nil {
			t.Errorf("Allocate(%d): bytes outside of it are there", length)
		}
	}
}
