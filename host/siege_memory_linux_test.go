package host_test

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// resident returns how many bytes of the process are in memory.
func resident(t testing.TB) int64 {
	t.Helper()
	return processStatus(t, "VmRSS")
}

// processStatus returns a number of bytes that the system knows of the process.
func processStatus(t testing.TB, name string) int64 {
	t.Helper()
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			var kib int64
			if _, err := fmt.Sscan(value, &kib); err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatalf("no %s", name)
	return 0
}

// peak calls f, and returns how much memory the process held at most meanwhile.
func peak(t testing.TB, f func()) int64 {
	t.Helper()
	done := make(chan struct{})
	var most int64
	var group sync.WaitGroup
	group.Go(func() {
		for {
			most = max(most, resident(t))
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	f()
	close(done)
	group.Wait()
	return most
}

// An app that eats memory gets as much as it may have, and the process not much more.
func TestSiegeOfMemory(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector keeps a shadow of all memory")
	}
	const limit, rest = 128 << 20, 64 << 20
	h := besieged(t, map[string][]byte{"eater": guesttest.Wasm(t, "eater")}, func(c *config.Config) {
		c.Defaults.Memory = limit
		c.Defaults.Timeout = hang
	})
	eat(t, h, limit)
	debug.FreeOSMemory()
	before := resident(t)
	most := peak(t, func() {
		for range 10 {
			eat(t, h, limit)
		}
	})
	debug.FreeOSMemory()
	after := resident(t)
	t.Logf("before %d MiB, at most %d MiB, after %d MiB", before>>20, most>>20, after>>20)
	if most > before+limit+rest {
		t.Errorf("an app that may have %d MiB made the process grow by %d MiB", limit>>20, (most-before)>>20)
	}
	if after > before+rest {
		t.Errorf("%d MiB are left", (after-before)>>20)
	}
}

// eat plays one request of the eater, and checks that it got all that it may have.
func eat(t testing.TB, h http.Handler, limit uint32) {
	t.Helper()
	status, body := get(h, "/eater")
	if status != 200 || len(body) != 4 || binary.LittleEndian.Uint32([]byte(body)) != limit>>16 {
		t.Fatalf("%d %x", status, body)
	}
}
