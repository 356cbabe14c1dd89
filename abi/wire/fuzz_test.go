package wire_test

import (
	"bytes"
	"testing"

	"github.com/wasgi/wasgi/abi/wire"
)

// FuzzDecode: whatever the bytes, nothing panics, all fields lie within the input in order, and what was accepted encodes
// to the very same bytes.
func FuzzDecode(f *testing.F) {
	for _, c := range lists {
		f.Add(c.want)
	}
	for _, c := range malformed {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		list, err := wire.Decode(in[:len(in):len(in)])
		if err != nil {
			if list != nil {
				t.Fatalf("an error and %d pairs", len(list))
			}
			return
		}
		fields := 4
		for i, p := range list {
			fields += 8 + len(p.Key) + len(p.Value)
			if cap(p.Key) != len(p.Key) || cap(p.Value) != len(p.Value) {
				t.Fatalf("pair %d can grow beyond its field", i)
			}
		}
		if fields != len(in) {
			t.Fatalf("%d bytes are accounted for, %d were given", fields, len(in))
		}
		if out := encode(t, list); !bytes.Equal(out, before) {
			t.Fatalf("accepted % x, encodes to % x", before, out)
		}
	})
}

// FuzzEncode: any list that is encoded decodes to itself. The input is cut into fields at the byte sep, so that the
// fuzzer controls how many there are and how long they are.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("A\nxy\nB\n\n\nz"), byte('\n'))
	f.Add([]byte{}, byte(0))
	f.Add([]byte{0, 0, 0, 0}, byte(0))
	f.Fuzz(func(t *testing.T, in []byte, sep byte) {
		var list []wire.Pair
		for rest := in; len(rest) > 0; {
			var p wire.Pair
			p.Key, rest, _ = bytes.Cut(rest, []byte{sep})
			p.Value, rest, _ = bytes.Cut(rest, []byte{sep})
			list = append(list, p)
		}
		b := encode(t, list)
		got, err := wire.Decode(b)
		if err != nil || !sameList(got, list) {
			t.Fatalf("%q came back as %q, %v", list, got, err)
		}
	})
}
