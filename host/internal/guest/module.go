package guest

import (
	"bytes"
	"fmt"
)

// A module begins with a magic number and a version, of which the component model uses the upper half as a layer.
var (
	magic         = []byte("\x00asm")
	coreModule    = []byte("\x00asm\x01\x00\x00\x00")
	componentMark = []byte{0x01, 0x00}
)

// IsCoreModule says whether a file begins as a core WebAssembly module does, and if not, what it is instead.
func IsCoreModule(data []byte) (bool, string) {
	switch {
	case bytes.HasPrefix(data, coreModule):
		return true, "a core WebAssembly module"
	case len(data) == 0:
		return false, "the file is empty"
	case !bytes.HasPrefix(data, magic):
		return false, fmt.Sprintf("not WebAssembly: it begins with % x, not with % x", data[:min(4, len(data))], magic)
	case len(data) < len(coreModule):
		return false, "the file ends within its first 8 bytes"
	case bytes.Equal(data[6:8], componentMark):
		return false, "a WebAssembly component; only core modules can be served: build one without the component step"
	default:
		return false, fmt.Sprintf("WebAssembly of version % x; only version 1 can be served", data[4:8])
	}
}
