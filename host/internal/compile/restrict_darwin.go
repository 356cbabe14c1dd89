package compile

import "syscall"

// restrict bounds what this process may take, for good. The limits stand behind the watcher; the system has none for memory
// that it keeps to.
func restrict(bounds Bounds) {
	limit(syscall.RLIMIT_CORE, 0)
	limit(syscall.RLIMIT_CPU, seconds(bounds.CPU))
	limit(syscall.RLIMIT_FSIZE, uint64(bounds.Memory))
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, niceness)
}
