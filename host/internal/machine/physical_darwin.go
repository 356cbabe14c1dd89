package machine

import (
	"encoding/binary"
	"syscall"
)

// physical returns the bytes of memory that the machine has.
func physical() int64 {
	text, err := syscall.Sysctl("hw.memsize")
	if err != nil {
		return 0
	}
	var number [8]byte // what is meant for a string has lost a zero at its end
	copy(number[:], text)
	return int64(binary.LittleEndian.Uint64(number[:]))
}
