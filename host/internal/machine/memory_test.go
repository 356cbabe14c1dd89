package machine

import (
	"runtime"
	"testing"
	"testing/fstest"
)

func TestGroupLimit(t *testing.T) {
	t.Parallel()
	const max1 = "9223372036854771712\n" // "none" of version 1
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"no control groups":  {nil, 0},
		"version 2, none":    {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0},
		"version 2":          {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "536870912\n"}, 512 << 20},
		"version 2, no file": {map[string]string{"proc/self/cgroup": "0::/init.scope\n"}, 0},
		"the group's own": {map[string]string{"proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "100\n", "sys/fs/cgroup/a/memory.max": "200\n"}, 100},
		"the one above": {map[string]string{"proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "200\n"}, 200},
		"version 1": {map[string]string{"proc/self/cgroup": "12:cpu,cpuacct:/x\n9:memory:/docker/1a\n1:name=systemd:/x\n",
			"sys/fs/cgroup/memory/docker/1a/memory.limit_in_bytes": "300\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": max1}, 300},
		"version 1 in a container": {map[string]string{"proc/self/cgroup": "9:memory:/docker/1a\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "400\n"}, 400},
		"version 1, none": {map[string]string{"proc/self/cgroup": "9:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": max1}, 0},
		"both": {map[string]string{"proc/self/cgroup": "9:memory:/\n0::/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "500\n",
			"sys/fs/cgroup/memory.max": "600\n"}, 500},
		"nonsense": {map[string]string{"proc/self/cgroup": "\n0\n:::\n0::../../..\n", "sys/fs/cgroup/memory.max": "-1\n"}, 0},
	} {
		root := fstest.MapFS{}
		for name, text := range c.files {
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := groupLimit(root); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// A machine that runs tests has more than 64 MiB and less than 64 TiB.
func TestMemory(t *testing.T) {
	t.Parallel()
	switch runtime.GOOS {
	case "linux", "darwin", "windows":
		if got := Memory(); got < 64<<20 || got > 64<<40 {
			t.Errorf("%d bytes", got)
		}
	}
}
