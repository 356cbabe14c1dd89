package compile

import (
	"bytes"
	"strings"
	"testing"
)

func sample() (Key, artifact) {
	return Key{1, 2, 3}, artifact{name: strings.Repeat("0f", 32), code: []byte("code")}
}

func TestEntry(t *testing.T) {
	t.Parallel()
	key, want := sample()
	data, err := encode(key, want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decode(key, data); err != nil || got.name != want.name || !bytes.Equal(got.code, want.code) {
		t.Errorf("decode() = %+v, %v", got, err)
	}
	if _, err := decode(Key{1, 2, 4}, data); err != errCorrupt {
		t.Errorf("under another's key: %v", err)
	}
	for _, name := range []string{"", "..", strings.Repeat("0f", 31), strings.Repeat("0f", 33), strings.Repeat("0F", 32),
		"../" + strings.Repeat("0", 61), strings.Repeat("0g", 32)} {
		if _, err := encode(key, artifact{name: name}); err == nil {
			t.Errorf("a file called %q can be kept", name)
		}
	}
}

// FuzzDecode: whatever is accepted is what encode would have written, to the byte.
func FuzzDecode(f *testing.F) {
	key, a := sample()
	data, _ := encode(key, a)
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := decode(key, data)
		if err != nil {
			return
		}
		if again, err := encode(key, a); err != nil || !bytes.Equal(again, data) {
			t.Errorf("accepted %x, %v", data, err)
		}
	})
}
