//go:build unix

package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be the command, for what only a process of its own can show.
func TestMain(m *testing.M) {
	if os.Getenv("WASGI_TEST_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// The first signal waits for requests that run; the second stops at once.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	file := guest(t, "stream")
	var out output
	cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", filepath.Dir(file), "--listen", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "WASGI_TEST_MAIN=1")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(` at (http://127\.0\.0\.1:\d+/)`)
	says := func(text string) {
		t.Helper()
		for deadline := time.Now().Add(hang); !strings.Contains(out.String(), text); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("it does not say %q:\n%s", text, &out)
			}
		}
	}
	says(" at http://")
	response, err := http.Get(address.FindStringSubmatch(out.String())[1] + "stream")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	says("shutting down")
	if _, err := io.ReadFull(response.Body, make([]byte, 4096)); err != nil {
		t.Errorf("the request that ran was cut off by the first signal: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // by a signal, which is an error
		close(ended)
	}()
	for again := true; again; {
		// The default comes back a moment after the first signal; who is in a hurry presses again.
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
			again = false
		case <-time.After(100 * time.Millisecond):
		}
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v", cmd.ProcessState)
	}
}
