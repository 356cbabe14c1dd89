package wire_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/wasgi/wasgi/abi/wire"
)

// pairs makes a list from alternating keys and values.
func pairs(fields ...string) []wire.Pair {
	list := make([]wire.Pair, 0, len(fields)/2)
	for i := 0; i < len(fields); i += 2 {
		list = append(list, wire.Pair{Key: []byte(fields[i]), Value: []byte(fields[i+1])})
	}
	return list
}

// encode encodes a list with a new Encoder, and fails the test if it is refused.
func encode(t testing.TB, list []wire.Pair) []byte {
	t.Helper()
	var e wire.Encoder
	for _, p := range list {
		e.AddBytes(p.Key, p.Value)
	}
	b, err := e.Bytes()
	if err != nil {
		t.Fatalf("encoding %q: %v", list, err)
	}
	return b
}

func sameList(a, b []wire.Pair) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i].Key, b[i].Key) || !bytes.Equal(a[i].Value, b[i].Value) {
			return false
		}
	}
	return true
}

// lists are encoded and decoded both ways; want is what the package comment's layout says, written out by hand.
var lists = []struct {
	name string
	list []wire.Pair
	want []byte
}{
	{"nothing", nil, []byte{0, 0, 0, 0}},
	{"the example of the package comment", pairs("A", "xy"), []byte{
		1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0x41, 0x78, 0x79,
	}},
	{"one empty pair", pairs("", ""), []byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
	{"key alone", pairs("k", ""), []byte{1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 'k'}},
	{"value alone", pairs("", "v"), []byte{1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 'v'}},
	{"repeats keep their order", pairs("c", "2", "c", "1"), []byte{
		2, 0, 0, 0,
		1, 0, 0, 0, 1, 0, 0, 0, 'c', '2',
		1, 0, 0, 0, 1, 0, 0, 0, 'c', '1',
	}},
	{"bytes that are no text", pairs("\x00\xff", "\xc3\x28\r\n"), []byte{
		1, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 0x00, 0xff, 0xc3, 0x28, 0x0d, 0x0a,
	}},
	{"a length of two bytes", pairs("k", string(make([]byte, 0x0102))), append([]byte{
		1, 0, 0, 0, 1, 0, 0, 0, 0x02, 0x01, 0, 0, 'k',
	}, make([]byte, 0x0102)...)},
}

func TestEncodeWritesTheLayout(t *testing.T) {
	t.Parallel()
	for _, c := range lists {
		if got := encode(t, c.list); !bytes.Equal(got, c.want) {
			t.Errorf("%s:\n got % x\nwant % x", c.name, got, c.want)
		}
	}
}

func TestDecodeReadsTheLayout(t *testing.T) {
	t.Parallel()
	for _, c := range lists {
		got, err := wire.Decode(c.want)
		if err != nil || !sameList(got, c.list) {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, c.list)
		}
	}
}

func TestAddAndAddBytesWriteTheSame(t *testing.T) {
	t.Parallel()
	var e wire.Encoder
	e.Add("Set-Cookie", "a=1")
	e.Add("", "\xff")
	got, err := e.Bytes()
	if want := encode(t, pairs("Set-Cookie", "a=1", "", "\xff")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got % x, %v, want % x", got, err, want)
	}
}

func TestBytesMayBeAskedForBetweenAdds(t *testing.T) {
	t.Parallel()
	var e wire.Encoder
	for i, want := range [][]byte{encode(t, nil), encode(t, pairs("a", "1")), encode(t, pairs("a", "1", "b", "2"))} {
		if got, err := e.Bytes(); err != nil || !bytes.Equal(got, want) {
			t.Errorf("after %d pairs: got % x, %v, want % x", i, got, err, want)
		}
		e.Add(string(rune('a'+i)), string(rune('1'+i)))
	}
}

func TestContinueGoesOnWithACopy(t *testing.T) {
	t.Parallel()
	var e wire.Encoder
	e.Add("forgotten", "")
	first := encode(t, pairs("a", "1"))
	e.Continue(first)
	e.Add("b", "2")
	got, err := e.Bytes()
	if want := encode(t, pairs("a", "1", "b", "2")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got % x, %v, want % x", got, err, want)
	}
	if want := encode(t, pairs("a", "1")); !bytes.Equal(first, want) {
		t.Errorf("the list that was continued is now % x", first)
	}
	for _, list := range [][]byte{nil, {1}, encode(t, nil)} {
		e.Continue(list)
		if got, err := e.Bytes(); err != nil || !bytes.Equal(got, encode(t, nil)) {
			t.Errorf("after % x: got % x, %v", list, got, err)
		}
	}
}

func TestResetEmptiesTheListAndKeepsTheBuffer(t *testing.T) {
	t.Parallel()
	var e wire.Encoder
	e.Add("a long key that makes the buffer grow", "a long value that makes it grow further")
	grown := e.Cap()
	e.Reset()
	if e.Cap() != grown {
		t.Errorf("the buffer holds %d bytes after Reset, want %d", e.Cap(), grown)
	}
	e.Add("A", "xy")
	got, err := e.Bytes()
	if want := encode(t, pairs("A", "xy")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got % x, %v, want % x", got, err, want)
	}
}

// malformed lists, each with the whole text of its refusal and the fields behind it.
var malformed = []struct {
	name string
	in   []byte
	want wire.FormatError
	text string
}{
	{"no byte", nil,
		wire.FormatError{Pair: -1, Part: "count", Want: 4, Have: 0},
		"wire: count needs 4 bytes, 0 are left"},
	{"short count", []byte{1, 0, 0},
		wire.FormatError{Pair: -1, Part: "count", Want: 4, Have: 3},
		"wire: count needs 4 bytes, 3 are left"},
	{"count without pairs", []byte{1, 0, 0, 0},
		wire.FormatError{Pair: -1, Part: "pairs", Want: 8, Have: 0},
		"wire: pairs needs 8 bytes, 0 are left"},
	{"the largest count", []byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0},
		wire.FormatError{Pair: -1, Part: "pairs", Want: 34359738360, Have: 8},
		"wire: pairs needs 34359738360 bytes, 8 are left"},
	{"key past the end", []byte{1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 'k'},
		wire.FormatError{Pair: 0, Part: "key", Want: 2, Have: 1},
		"wire: pair 0: key needs 2 bytes, 1 are left"},
	{"value past the end", []byte{1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 'k'},
		wire.FormatError{Pair: 0, Part: "value", Want: 1, Have: 0},
		"wire: pair 0: value needs 1 bytes, 0 are left"},
	{"two lengths whose 32-bit sum wraps to 1", []byte{1, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 'k'},
		wire.FormatError{Pair: 0, Part: "value", Want: 4294967295, Have: 0},
		"wire: pair 0: value needs 4294967295 bytes, 0 are left"},
	{"the largest key", []byte{1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 'k'},
		wire.FormatError{Pair: 0, Part: "key", Want: 4294967295, Have: 1},
		"wire: pair 0: key needs 4294967295 bytes, 1 are left"},
	{"the second pair's lengths are cut off", []byte{2, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 'k', 1, 2, 3, 4, 5, 6, 7},
		wire.FormatError{Pair: 1, Part: "lengths", Want: 8, Have: 0},
		"wire: pair 1: lengths needs 8 bytes, 0 are left"},
	{"bytes after the last pair", []byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'x'},
		wire.FormatError{Pair: -1, Part: "end of the list", Want: 0, Have: 1},
		"wire: end of the list needs 0 bytes, 1 are left"},
	{"bytes after an empty list", []byte{0, 0, 0, 0, 0},
		wire.FormatError{Pair: -1, Part: "end of the list", Want: 0, Have: 1},
		"wire: end of the list needs 0 bytes, 1 are left"},
}

func TestDecodeSaysWhereAListIsMalformed(t *testing.T) {
	t.Parallel()
	for _, c := range malformed {
		got, err := wire.Decode(c.in)
		var format *wire.FormatError
		if !errors.As(err, &format) {
			t.Errorf("%s: got %q, %v, want a FormatError", c.name, got, err)
			continue
		}
		if *format != c.want || err.Error() != c.text || got != nil {
			t.Errorf("%s:\n got %+v %q\nwant %+v %q", c.name, *format, err, c.want, c.text)
		}
	}
}

func TestEveryTruncationIsRefused(t *testing.T) {
	t.Parallel()
	whole := encode(t, pairs("REQUEST_METHOD", "GET", "PATH_INFO", "/", "QUERY_STRING", ""))
	for n := range len(whole) {
		if got, err := wire.Decode(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes decode to %q", n, len(whole), got)
		}
	}
}

func TestAppendPairsLeavesDstAloneOnError(t *testing.T) {
	t.Parallel()
	dst := append(make([]wire.Pair, 0, 8), pairs("kept", "1")...)
	for _, c := range malformed {
		got, err := wire.AppendPairs(dst, c.in)
		if err == nil || !sameList(got, pairs("kept", "1")) || &got[0] != &dst[0] {
			t.Errorf("%s: got %q, %v, want what was there", c.name, got, err)
		}
	}
}

func TestAppendPairsAppends(t *testing.T) {
	t.Parallel()
	list := encode(t, pairs("b", "2", "c", "3"))
	for _, room := range []int{1, 2, 3, 8} {
		dst := append(make([]wire.Pair, 0, room), pairs("a", "1")...)
		got, err := wire.AppendPairs(dst, list)
		if want := pairs("a", "1", "b", "2", "c", "3"); err != nil || !sameList(got, want) {
			t.Errorf("room for %d: got %q, %v, want %q", room, got, err, want)
		}
	}
}

func TestDecodedFieldsCannotGrowIntoTheNext(t *testing.T) {
	t.Parallel()
	b := encode(t, pairs("key", "value", "next", "pair"))
	before := bytes.Clone(b)
	got, err := wire.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range got {
		_ = append(p.Key, "overwritten"...)
		_ = append(p.Value, "overwritten"...)
	}
	if !bytes.Equal(b, before) {
		t.Errorf("appending to a field changed the list:\n got % x\nwant % x", b, before)
	}
}

func TestDecodedFieldsAliasTheirInput(t *testing.T) {
	t.Parallel()
	b := encode(t, pairs("key", "value"))
	got, err := wire.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	copy(b[len(b)-len("value"):], "VALUE")
	if !reflect.DeepEqual(got, pairs("key", "VALUE")) {
		t.Errorf("got %q, want the bytes that are in the input now", got)
	}
}
