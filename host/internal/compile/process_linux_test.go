package compile

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childOf waits until a process has a child that compiles below the compiler's folder, and returns its number.
func childOf(t *testing.T, c *Compiler, parent int) int {
	t.Helper()
	below := c.staging.dir
	if c.store != nil {
		below = c.store.dir
	}
	for deadline := time.Now().Add(hang); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		folders, _ := filepath.Glob("/proc/[0-9]*/cwd")
		for _, link := range folders {
			if cwd, err := os.Readlink(link); err != nil || !strings.HasPrefix(cwd, below) {
				continue
			}
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(link)))
			status, _ := os.ReadFile(filepath.Join(filepath.Dir(link), "status"))
			if strings.Contains(string(status), fmt.Sprintf("\nPPid:\t%d\n", parent)) && restricted(pid) {
				return pid
			}
		}
	}
	t.Fatal("no child is to be seen")
	return 0
}

// restricted reports whether the child has set its limits, of which this one is the last: from then on it is ready for whatever a test does to it.
func restricted(pid int) bool {
	limits, _ := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	for line := range strings.Lines(string(limits)) {
		if rest, ok := strings.CutPrefix(line, "Max cpu time"); ok {
			return !strings.HasPrefix(strings.TrimSpace(rest), "unlimited")
		}
	}
	return false
}

func isAlive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func crash(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
}

// A child has limits of the system too, writes no core file, and gives way to others.
func TestRestricted(t *testing.T) {
	t.Parallel()
	c, _ := newCompiler(t, Options{})
	ended := make(chan struct{})
	go func() {
		_, _ = c.Load(t.Context(), slow(), Bounds{CPU: 1500 * time.Millisecond, Memory: 96 << 20})
		close(ended)
	}()
	pid := childOf(t, c, os.Getpid())
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		for name, want := range map[string]string{"Max cpu time": "3", "Max file size": "100663296", "Max core file size": "0"} {
			if rest, ok := strings.CutPrefix(line, name); ok && strings.Fields(rest)[1] != want {
				t.Errorf("%s: want %s", line, want)
			}
		}
	}
	if got, err := syscall.Getpriority(syscall.PRIO_PROCESS, pid); err != nil || got != 20-niceness { // as the kernel counts
		t.Errorf("its priority is %d, %v", got, err)
	}
	environ, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if strings.Count(string(environ), "\x00") != 2 || !strings.HasPrefix(string(environ), variable+"=") {
		t.Errorf("its environment is %q", environ)
	}
	<-ended
}
