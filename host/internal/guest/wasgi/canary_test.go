package wasgi_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// canaryVariable may hold how many requests each canary serves, for long runs.
const canaryVariable = "WASGI_TEST_CANARY"

// TestCanary plays requests of which each leaves marks all over its instance, and each looks for those of the ones before. None
// may ever be found, however a request ended.
func TestCanary(t *testing.T) {
	t.Parallel()
	requests := 1000
	if text := os.Getenv(canaryVariable); text != "" {
		requests, _ = strconv.Atoi(text)
	}
	for _, c := range guesttest.Canaries() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			s := settings()
			s.Memory, s.Isolation = 64<<20, guest.IsolationRequest
			file := guest.File{Name: c.Name, Data: c.Build(t)}
			program, err := newKind(t).Load(t.Context(), file, s, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer program.Close()
			aviary := aviary{t: t, program: program, random: rand.New(rand.NewPCG(1, 1)), canary: c}
			for n := range requests {
				aviary.request(n)
			}
			aviary.close()
			t.Logf("%d requests, no mark found; %d instances served them, %d requests ended in a fault, %d otherwise made their instance useless",
				requests, aviary.made, aviary.faults, aviary.useless)
			if restored := requests - aviary.made; restored < requests/2 {
				t.Errorf("only %d requests were served by an instance that was restored", restored)
			}
		})
	}
}

// aviary is where one canary after the other lives.
type aviary struct {
	t                     *testing.T
	program               guest.Program
	random                *rand.Rand
	canary                guesttest.Canary
	current               guest.Instance
	made, faults, useless int
}

// mode is mostly none, since what ends an instance says little about restoring it.
func (a *aviary) mode() byte {
	switch a.random.IntN(12) {
	case 0:
		return a.canary.Modes[a.random.IntN(len(a.canary.Modes))]
	case 1, 2, 3:
		return 'q'
	}
	return '-'
}

func (a *aviary) request(n int) {
	a.t.Helper()
	if a.current == nil {
		var err error
		if a.current, err = a.program.New(a.t.Context()); err != nil {
			a.t.Fatal(err)
		}
		a.made++
	}
	mode := a.mode()
	ctx, cancel := context.Background(), func() {}
	if mode == 's' {
		ctx, cancel = context.WithTimeout(ctx, time.Millisecond)
	}
	defer cancel()
	r := a.exchange(mode)
	err := a.current.Serve(ctx, r)
	switch {
	case strings.IndexByte("tserw", mode) >= 0:
		if a.faults++; err == nil {
			a.t.Errorf("request %d, %q: ended well", n, mode)
		}
	case err != nil:
		a.t.Fatalf("request %d, %q: %v", n, mode, err)
	case r.body != "0":
		a.t.Fatalf("request %d, %q: %s marks were found", n, mode, r.body)
	case a.current.Reset():
		return
	default:
		a.useless++
	}
	a.close()
}

func (a *aviary) close() {
	if a.current != nil {
		a.current.Close()
		a.current = nil
	}
}

// exchange is one whose environ and body are full of marks. Some bodies fail where they should end.
func (a *aviary) exchange(mode byte) *recorder {
	marks := strings.Repeat("\xa7", a.random.IntN(30_000))
	r := newRecorder("")
	r.input = io.MultiReader(strings.NewReader(string(mode)), strings.NewReader(marks[a.random.IntN(len(marks)+1):]))
	if a.random.IntN(3) == 0 {
		r.input = io.MultiReader(strings.NewReader(string(mode)), tooLong{})
	}
	var e wire.Encoder
	e.Add("REQUEST_METHOD", "POST")
	if a.canary.Environ {
		e.Add("HTTP_MARKS", marks)
	}
	r.environ, _ = e.Bytes()
	if r.onWrite = nil; mode == 'w' {
		r.onWrite = errors.New("the client went away")
	}
	return r
}

// tooLong is a body that is refused after it has been read.
type tooLong struct{}

func (tooLong) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 0xa7
	}
	return 0, abi.CodeTooLarge
}
