package host_test

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func greeting(n int) string { return fmt.Sprintf("hello %05d", n) }

// numbered changes a guest's data so that it says its number.
func numbered(t testing.TB, guest []byte, n int) []byte {
	t.Helper()
	if bytes.Count(guest, []byte(hello)) != 1 {
		t.Fatalf("the guest holds %q not once", hello)
	}
	return bytes.Replace(guest, []byte(hello), []byte(greeting(n)), 1)
}

// varied changes the constant that allocate returns, 32768, and with it the code.
func varied(t testing.TB, guest []byte, n int) []byte {
	t.Helper()
	constant := func(value int) []byte {
		return []byte{0x41, byte(value) | 0x80, byte(value>>7) | 0x80, byte(value >> 14)}
	}
	if value := constant(32768); bytes.Count(guest, value) != 1 || n > 2000 {
		t.Fatal("the guest cannot be varied")
	}
	return bytes.Replace(guest, constant(32768), constant(32768+8*n), 1)
}

// crowd fills a folder with apps.
func crowd(t testing.TB, apps int, guest func(testing.TB, int) []byte) string {
	t.Helper()
	dir := t.TempDir()
	for n := range apps {
		write(t, filepath.Join(dir, fmt.Sprintf("app%d.wasm", n)), guest(t, n))
	}
	return dir
}

// visit asks each app for its greeting, and returns how long that took in the middle, and at most.
func visit(t testing.TB, h http.Handler, apps int) (median, slowest time.Duration) {
	t.Helper()
	took := make([]time.Duration, apps)
	for n := range apps {
		begin := time.Now()
		if status, body := get(h, fmt.Sprintf("/app%d", n)); status != 200 || !strings.Contains(body, greeting(n)) {
			t.Fatalf("app %d answers %d %q", n, status, body)
		}
		took[n] = time.Since(begin)
	}
	slices.Sort(took)
	return took[apps/2], took[apps-1]
}
