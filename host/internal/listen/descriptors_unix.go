//go:build unix

package listen

import (
	"math"
	"syscall"
)

// reserve is how many descriptors are kept from connections, for apps' files, compilers and the log.
const reserve = 128

// descriptors is how many connections the process may have open, with a reserve for all else.
func descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || uint64(limit.Cur) > math.MaxInt32 {
		return math.MaxInt32
	}
	most := int(limit.Cur)
	return most - min(reserve, most/4)
}
