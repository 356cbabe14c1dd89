//go:build unix

package compile

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// onlyOurs refuses a folder that others can write to: what lies there is run as machine code.
func onlyOurs(info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && int64(stat.Uid) != int64(os.Geteuid()):
		return fmt.Errorf("it belongs to user %d, and this process runs as %d; name another cache folder", stat.Uid, os.Geteuid())
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("others may write to it (mode %o); make it 0700, or name another cache folder", info.Mode().Perm())
	}
	return nil
}
