package compile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// artifact is compiled code as wazero writes it: one file, whose name is a hash of its own.
type artifact struct {
	name string // 64 hexadecimal digits
	code []byte
}

// entryMagic begins each entry. Its last byte is the version of the layout.
const entryMagic = "wasgi\x00c\x01"

// The layout of an entry: magic (8 bytes), our key (32), wazero's name as bytes (32), code, SHA-256 of all that (32). The key
// is in it so that an entry under another's name is found out.
const (
	entryHead  = len(entryMagic) + 2*sha256.Size
	entryLeast = entryHead + sha256.Size
)

var errCorrupt = errors.New("the entry is not as it was written")

// encode writes an entry.
func encode(key Key, a artifact) ([]byte, error) {
	name, ok := rawName(a.name)
	if !ok {
		return nil, errors.New("compiled code has a name of unknown form")
	}
	out := make([]byte, 0, entryLeast+len(a.code))
	out = append(out, entryMagic...)
	out = append(out, key[:]...)
	out = append(out, name...)
	out = append(out, a.code...)
	sum := sha256.Sum256(out)
	return append(out, sum[:]...), nil
}

// decode reads what encode has written for the same key, and nothing else. The code aliases data.
func decode(key Key, data []byte) (artifact, error) {
	if len(data) < entryLeast || string(data[:len(entryMagic)]) != entryMagic {
		return artifact{}, errCorrupt
	}
	body, sum := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if has := sha256.Sum256(body); !bytes.Equal(has[:], sum) || !bytes.Equal(body[len(entryMagic):][:len(key)], key[:]) {
		return artifact{}, errCorrupt
	}
	name := hex.EncodeToString(body[entryHead-sha256.Size : entryHead])
	return artifact{name: name, code: body[entryHead:]}, nil
}

// rawName reports whether a name is one that [decode] would give back: nothing else may become the name of a file.
func rawName(name string) ([]byte, bool) {
	raw, err := hex.DecodeString(name)
	return raw, err == nil && len(raw) == sha256.Size && hex.EncodeToString(raw) == name
}
