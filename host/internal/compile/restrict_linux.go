package compile

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// slackBytes is what the system allows beyond the watcher's limit: that one should be met first, since it has an answer.
const slackBytes = 64 << 20

// restrict bounds what this process may take, for good. The system's limits stand behind the watcher, for what happens between
// two of its looks.
func restrict(bounds Bounds) {
	tasks, _ := os.ReadDir("/proc/self/task") // priorities are those of threads, and new ones inherit them
	for _, task := range tasks {
		if id, err := strconv.Atoi(task.Name()); err == nil {
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, id, niceness)
		}
	}
	limit(syscall.RLIMIT_CORE, 0)
	limit(syscall.RLIMIT_FSIZE, uint64(bounds.Memory))
	limit(syscall.RLIMIT_DATA, dataSize()+uint64(bounds.Memory)+slackBytes)
	limit(syscall.RLIMIT_CPU, seconds(bounds.CPU))
}

// dataSize is what the system counts as this process's data already: the race detector, for one, maps much of it at the
// start.
func dataSize() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var total, resident, shared, code, library, data uint64 // in pages
	if _, err := fmt.Sscan(string(text), &total, &resident, &shared, &code, &library, &data); err != nil {
		return 0
	}
	return data * uint64(os.Getpagesize())
}
