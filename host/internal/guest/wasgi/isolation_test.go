package wasgi_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guest/wasgi"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// loadUnder loads a guest to be run under that isolation.
func loadUnder(t *testing.T, kind *wasgi.Kind, name string, isolation guest.Isolation, log *slog.Logger) guest.Program {
	t.Helper()
	s := settings()
	s.Isolation = isolation
	program, err := kind.Load(t.Context(), guest.File{Name: name + ".wasm", Data: guesttest.Wasm(t, name)}, s, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return program
}

// bodies plays that many requests on each of two instances, which are there at once, and closes one that is not to be used
// again in favour of a new one.
func bodies(t *testing.T, program guest.Program, requests int) (all [2][]string) {
	t.Helper()
	var instances [2]guest.Instance
	for n := range instances {
		instances[n] = instance(t, program)
	}
	for n, i := range instances {
		for range requests {
			r := newRecorder("")
			if err := i.Serve(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			all[n] = append(all[n], r.body)
			if !i.Reset() {
				i.Close()
				i = instance(t, program)
			}
		}
		i.Close()
	}
	return all
}

func instance(t *testing.T, program guest.Program) guest.Instance {
	t.Helper()
	i, err := program.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// Once for all instances where they are brought back to an image, once for each that lives on, and never for one that does not.
func TestWarmUp(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	for isolation, want := range map[guest.Isolation]struct {
		bodies []string
		times  int
	}{
		guest.IsolationRequest:  {[]string{"iwar", "iwar", "iwar"}, 1},
		guest.IsolationInstance: {[]string{"iwar", "iwarr", "iwarrr"}, 2},
		guest.IsolationFresh:    {[]string{"iar", "iar", "iar"}, 0},
	} {
		var log bytes.Buffer
		program := loadUnder(t, kind, "warm_up", isolation, slog.New(lineHandler{&log}))
		for n, got := range bodies(t, program, 3) {
			if !slices.Equal(got, want.bodies) {
				t.Errorf("%s: instance %d answers %q, want %q", isolation, n, got, want.bodies)
			}
		}
		if got, want := log.String(), strings.Repeat("warming up errors\n", want.times); got != want {
			t.Errorf("%s: the log is %q, want %q", isolation, got, want)
		}
		if got, why := program.Isolation(); got != isolation || why != "" {
			t.Errorf("%s runs as %s: %s", isolation, got, why)
		}
	}
}

func TestNothingIsAnsweredInWarmUp(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	for isolation, lines := range map[guest.Isolation]int{guest.IsolationRequest: 1, guest.IsolationInstance: 2} {
		var log bytes.Buffer
		program := loadUnder(t, kind, "warm_up_early", isolation, slog.New(lineHandler{&log}))
		state := abi.CodeState.Errno()
		for _, body := range bodies(t, program, 1) {
			var got [4]int32
			if err := binary.Read(strings.NewReader(body[0]), binary.LittleEndian, &got); err != nil {
				t.Fatal(err)
			}
			if want := [4]int32{state, state, state, 0}; got != want {
				t.Errorf("%s: the functions return %d, want %d", isolation, got, want)
			}
		}
		if got, want := log.String(), strings.Repeat("200 OK errors\n", lines); got != want {
			t.Errorf("%s: the log is %q, want %q", isolation, got, want)
		}
	}
}

func TestFaultInWarmUpIsOneOfInitialising(t *testing.T) {
	t.Parallel()
	program := loadUnder(t, newKind(t), "warm_up_trap", guest.IsolationRequest, slog.New(slog.DiscardHandler))
	for range 2 { // also once more, since there is no image to begin with
		_, err := program.New(t.Context())
		var fault *guest.Fault
		if !errors.As(err, &fault) || err.Error() != "init: trap: unreachable" {
			t.Fatalf("New() = %v", err)
		}
		if !slices.Equal(fault.Stack, []string{"warm_up"}) {
			t.Errorf("stack %q", fault.Stack)
		}
	}
}

func TestWarmUpIsBounded(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	for _, bound := range []error{guest.ErrTimeout, guest.ErrCPU} {
		s := settings()
		s.Isolation = guest.IsolationRequest
		timeout := time.Minute
		if bound == guest.ErrCPU {
			s.CPU = 20 * time.Millisecond
		} else {
			timeout = 50 * time.Millisecond
		}
		file := guest.File{Name: "warm_up_spin.wasm", Data: guesttest.Wasm(t, "warm_up_spin")}
		program, err := kind.Load(t.Context(), file, s, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), timeout, guest.ErrTimeout)
		_, err = program.New(ctx)
		cancel()
		var fault *guest.Fault
		if !errors.Is(err, bound) || !errors.As(err, &fault) || fault.Phase != guest.PhaseInit {
			t.Errorf("New() = %v, want %v", err, bound)
		}
		_ = program.Close()
	}
}

// What was drawn before the image is in every request the same. What a request draws is new.
func TestAnImageRepeatsWhatWasDrawnBefore(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	for isolation, want := range map[guest.Isolation][3]int{ // how many different values two instances show in three requests each
		guest.IsolationRequest:  {1, 1, 6},
		guest.IsolationInstance: {2, 2, 6},
		guest.IsolationFresh:    {6, 1, 6}, // warm_up does not run
	} {
		var seen [3]map[string]bool
		for n := range seen {
			seen[n] = map[string]bool{}
		}
		for _, requests := range bodies(t, loadUnder(t, kind, "draw", isolation, slog.New(slog.DiscardHandler)), 3) {
			for _, body := range requests {
				for n := range seen {
					seen[n][body[8*n:8*n+8]] = true
				}
			}
		}
		if got := [3]int{len(seen[0]), len(seen[1]), len(seen[2])}; got != want {
			t.Errorf("%s: different values from _initialize, warm_up and application: %d, want %d", isolation, got, want)
		}
	}
}

// A module that cannot be restored runs as fresh, says why, and answers right all the same.
func TestWhatForcesFresh(t *testing.T) {
	t.Parallel()
	program := loadUnder(t, newKind(t), "fresh_table", guest.IsolationRequest, slog.New(slog.DiscardHandler))
	if isolation, why := program.Isolation(); isolation != guest.IsolationFresh || why != "table.set in function 2" {
		t.Errorf("runs as %s: %s", isolation, why)
	}
	for _, got := range bodies(t, program, 3) {
		if want := []string{"1", "1", "1"}; !slices.Equal(got, want) {
			t.Errorf("answers %q, want %q", got, want)
		}
	}
}
