//go:build darwin || freebsd || netbsd

package watch

import (
	"io/fs"
	"syscall"
)

// addNumbers fills in device, inode and the time of the last change of the inode.
func (id *identity) addNumbers(info fs.FileInfo) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		id.dev, id.ino, id.ctime = uint64(s.Dev), uint64(s.Ino), s.Ctimespec.Nano()
	}
}
