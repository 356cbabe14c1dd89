package wire

import (
	"errors"
	"math"
	"testing"
)

// The limit is tested on its arithmetic: a real list of this size would take 4 GiB.
func TestFitsKeepsTheListAddressable(t *testing.T) {
	t.Parallel()
	const room = math.MaxUint32 - countSize - prefixSize
	cases := []struct {
		have, key, value uint64
		want             bool
	}{
		{countSize, 0, 0, true},
		{countSize, room, 0, true},
		{countSize, 0, room, true},
		{countSize, room / 2, room - room/2, true},
		{countSize, room + 1, 0, false},
		{countSize, 0, room + 1, false},
		{countSize, room, 1, false},
		{countSize, math.MaxUint32, 0, false},
		{countSize, math.MaxUint32, math.MaxUint32, false},
		{countSize, 1 << 32, 0, false},
		{countSize, 0, 1 << 32, false},
		{countSize, math.MaxInt64, math.MaxInt64 - 100, false},
		{math.MaxUint32 - prefixSize, 0, 0, true},
		{math.MaxUint32 - prefixSize, 1, 0, false},
		{math.MaxUint32 - prefixSize + 1, 0, 0, false},
		{math.MaxUint32, 0, 0, false},
	}
	for _, c := range cases {
		if got := fits(c.have, c.key, c.value); got != c.want {
			t.Errorf("fits(%d, %d, %d) = %v, want %v", c.have, c.key, c.value, got, c.want)
		}
	}
}

func TestOverflowStaysUntilReset(t *testing.T) {
	t.Parallel()
	var e Encoder
	e.Add("a", "1")
	if e.open(math.MaxUint32, 0) {
		t.Fatal("a key of 2^32-1 bytes was accepted")
	}
	e.Add("b", "2")
	if b, err := e.Bytes(); !errors.Is(err, ErrOverflow) || b != nil {
		t.Errorf("got % x, %v, want no bytes and ErrOverflow", b, err)
	}
	if text := "wire: list does not fit into 32 bits"; ErrOverflow.Error() != text {
		t.Errorf("the error reads %q, want %q", ErrOverflow, text)
	}
	e.Reset()
	e.Add("c", "3")
	b, err := e.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if list, err := Decode(b); err != nil || len(list) != 1 || string(list[0].Key) != "c" {
		t.Errorf("after Reset: got %q, %v, want the one pair c", list, err)
	}
}
