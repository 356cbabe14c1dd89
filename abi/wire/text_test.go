package wire_test

import (
	"testing"

	"github.com/wasgi/wasgi/abi/wire"
)

// sameAsDecode checks that a list reads as it decodes, or is refused in the same words.
func sameAsDecode(t *testing.T, list []byte) {
	t.Helper()
	pairs, wantErr := wire.Decode(list)
	text, err := wire.Read(string(list))
	if wantErr != nil {
		if err == nil || err.Error() != wantErr.Error() {
			t.Fatalf("Read(%q) = %v, Decode: %v", list, err, wantErr)
		}
		return
	}
	if err != nil {
		t.Fatalf("Read(%q): %v", list, err)
	}
	n := 0
	for key, value := range text.All() {
		if n == len(pairs) || key != string(pairs[n].Key) || value != string(pairs[n].Value) {
			t.Fatalf("Read(%q): pair %d is %q=%q", list, n, key, value)
		}
		n++
	}
	if n != len(pairs) {
		t.Fatalf("Read(%q): %d pairs, want %d", list, n, len(pairs))
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	var e wire.Encoder
	e.Add("A", "xy")
	e.Add("", "")
	e.Add("A", "again")
	list, err := e.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(list) + 1 {
		sameAsDecode(t, list[:n])
	}
	sameAsDecode(t, append(list, 0))
	text, err := wire.Read(string(list))
	if err != nil {
		t.Fatal(err)
	}
	for key := range text.All() { // stops where it is told to
		if key != "A" {
			t.Errorf("the first key is %q", key)
		}
		break
	}
	for range (wire.Text{}).All() {
		t.Error("the zero Text has a pair")
	}
}

// Not parallel: allocations are counted for the whole process.
func TestReadAllocatesNothing(t *testing.T) {
	text, err := wire.Read("\x01\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00Axy")
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		for range text.All() {
			continue
		}
	}); n != 0 {
		t.Errorf("reading allocates %v times", n)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00Axy"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, list []byte) { sameAsDecode(t, list) })
}
