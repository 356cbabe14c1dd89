// Package machine says how much memory this process may hope for: what the machine has, or the control group that the
// process runs in, if that is less.
package machine

import (
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// Memory returns the bytes of memory that the process and its neighbours may use together; 0 where nobody can tell.
func Memory() int64 {
	total, limit := physical(), groupLimit(os.DirFS("/"))
	if total == 0 || limit != 0 && limit < total {
		return limit
	}
	return total
}

// groupLimit returns the lowest limit of the control groups above the process, of either version; 0 for none.
func groupLimit(root fs.FS) int64 {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	lowest := int64(math.MaxInt64)
	for line := range strings.Lines(string(text)) {
		// hierarchy, controllers, path: "0::/user.slice" of version 2, "9:memory:/docker/1a2b" of version 1
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(fields) != 3:
		case fields[0] == "0" && fields[1] == "":
			lowest = min(lowest, lowestAbove(root, "sys/fs/cgroup", fields[2], "memory.max"))
		case fields[1] == "memory":
			lowest = min(lowest, lowestAbove(root, "sys/fs/cgroup/memory", fields[2], "memory.limit_in_bytes"))
		}
	}
	// Version 1 says "none" with a number that no machine has.
	if lowest >= 1<<60 {
		return 0
	}
	return lowest
}

// lowestAbove reads the limit of a group and of all above it, each of which binds. A container may not see the groups that
// its path names: its own is the root then.
func lowestAbove(root fs.FS, mount, group, file string) int64 {
	lowest := int64(math.MaxInt64)
	for at := path.Join("/", group); ; at = path.Dir(at) {
		text, err := fs.ReadFile(root, path.Join(mount, at, file))
		if err == nil {
			if limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && limit > 0 {
				lowest = min(lowest, limit)
			}
		}
		if at == "/" {
			return lowest
		}
	}
}
