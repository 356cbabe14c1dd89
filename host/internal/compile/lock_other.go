//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package compile

import (
	"errors"
	"os"
)

// lockFile makes a file and keeps it open: Windows does not let anybody remove it then.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
}

// unlocked reports whether nobody holds the file open, by removing it.
func unlocked(path string) bool {
	err := os.Remove(path)
	return err == nil || errors.Is(err, os.ErrNotExist)
}
