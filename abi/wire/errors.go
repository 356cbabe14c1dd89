package wire

import (
	"errors"
	"strconv"
)

// ErrOverflow is returned when a list would need more than 2^32-1 bytes.
var ErrOverflow = errors.New("wire: list does not fit into 32 bits")

// FormatError says where a list is malformed. It is built without fmt, since guests are compiled with it.
type FormatError struct {
	// Pair is the index of the pair at fault, or -1 where the list as a whole is.
	Pair int
	// Part names what was being read.
	Part string
	// Want and Have are bytes: what the part needs, and what is left.
	Want, Have uint64
}

// Error implements error.
func (e *FormatError) Error() string {
	where := "wire: "
	if e.Pair >= 0 {
		where += "pair " + strconv.Itoa(e.Pair) + ": "
	}
	return where + e.Part + " needs " + strconv.FormatUint(e.Want, 10) +
		" bytes, " + strconv.FormatUint(e.Have, 10) + " are left"
}
