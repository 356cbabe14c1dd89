package host_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

const (
	// canaryVariable may hold how many requests each canary serves, for long runs.
	canaryVariable = "WASGI_TEST_CANARY"
	canaryClients  = 64
	// canaryBody is what apps may read of a body. Some are longer.
	canaryBody = 20_000
)

// TestCanaries plays requests of many clients at once on several apps side by side. Each leaves marks wherever it can, and each
// looks for those of all others: none may ever be found, whichever app left it, and however its request ended.
func TestCanaries(t *testing.T) {
	t.Parallel()
	requests := 250
	if text := os.Getenv(canaryVariable); text != "" {
		requests, _ = strconv.Atoi(text)
	}
	dir := t.TempDir()
	guests := guesttest.Canaries()
	if raceDetector {
		guests = guests[:2] // the others take too long to compile
	}
	for _, c := range guests {
		t.Run(c.Name, func(t *testing.T) { write(t, filepath.Join(dir, c.Name+".wasm"), c.Build(t)) })
	}
	h := open(t, dir, func(c *config.Config) {
		c.Apps.Watch = false
		c.Defaults.Timeout, c.Defaults.QuarantineAfter, c.Defaults.MaxBody = 10*time.Second, 0, canaryBody
		c.Defaults.CPU, c.Defaults.LogLines, c.Defaults.QueueTimeout = 100*time.Millisecond, 1, hang
		c.Defaults.Instances.Max = 8
	})
	server := httptest.NewServer(h)
	defer server.Close()
	var flock flock
	t.Run("serving", func(t *testing.T) {
		for _, c := range guests {
			if _, err := os.Stat(filepath.Join(dir, c.Name+".wasm")); err != nil {
				continue // it cannot be built here
			}
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				flock.play(t, server.URL+"/"+c.Name, c, requests)
			})
		}
	})
	t.Logf("%d requests answered, %d ended badly, %d left by their client", flock.answered.Load(), flock.failed.Load(), flock.left.Load())
	if flock.answered.Load() < int64(requests) {
		t.Error("too few to show anything")
	}
}

// flock counts how requests ended.
type flock struct{ answered, failed, left atomic.Int64 }

// play shares the requests among clients.
func (f *flock) play(t *testing.T, url string, c guesttest.Canary, requests int) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: canaryClients}, Timeout: hang}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var group sync.WaitGroup
	for n := range canaryClients {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 2))
			for next.Add(1) <= int64(requests) && !t.Failed() {
				f.request(t, client, url, c, random)
			}
		})
	}
	group.Wait()
}

// request plays one. Some clients go away in the middle, some send a body that is longer than it may be, or break it off.
func (f *flock) request(t *testing.T, client *http.Client, url string, c guesttest.Canary, random *rand.Rand) {
	mode, leaves := byte('-'), false
	switch random.IntN(10) {
	case 0:
		mode = c.Modes[random.IntN(len(c.Modes))]
	case 1, 2:
		mode = 'q'
	case 3:
		leaves = true
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	marks := bytes.Repeat([]byte{0xa7}, random.IntN(2*canaryBody))
	body := io.MultiReader(strings.NewReader(string(mode)), bytes.NewReader(marks))
	if leaves || mode == 'w' {
		time.AfterFunc(time.Duration(random.IntN(5000))*time.Microsecond, cancel)
	}
	request, err := http.NewRequestWithContext(ctx, "POST", url, body)
	if err != nil {
		t.Error(err)
		return
	}
	if c.Environ {
		request.Header.Set("Marks", string(marks[:min(len(marks), 5000)]))
	}
	f.settle(t, client, request, string(mode))
}

// settle does the request: one that is answered must not have found anything.
func (f *flock) settle(t *testing.T, client *http.Client, request *http.Request, mode string) {
	response, err := client.Do(request)
	if err != nil {
		f.gone(t, request, mode, err)
		return
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	switch {
	case strings.Contains("tserw", mode):
		f.failed.Add(1)
	case err != nil:
		f.gone(t, request, mode, err)
	case response.StatusCode == http.StatusGatewayTimeout:
		f.failed.Add(1) // the machine is busy: cpu is short, so that those that spin end soon
	case response.StatusCode != 200 || string(answer) != "0":
		t.Errorf("%s, %s: %d %.100q", request.URL.Path, mode, response.StatusCode, answer)
	default:
		f.answered.Add(1)
	}
}

// gone is for a request without a whole answer: only one that its client has left, or that was to fail, may be that.
func (f *flock) gone(t *testing.T, request *http.Request, mode string, err error) {
	if f.left.Add(1); request.Context().Err() == nil && !strings.Contains("tserw", mode) {
		t.Errorf("%s, %s: %v", request.URL.Path, mode, err)
	}
}
