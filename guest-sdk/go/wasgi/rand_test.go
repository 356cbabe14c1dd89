package wasgi_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// draw plays a request in which a generator gives four numbers.
func draw(t *testing.T, host wasgi.Host, from func() *rand.Rand) (numbers []uint64) {
	wasgi.Play(host, environ(t), func(wasgi.Environ, wasgi.StartResponse) wasgi.Body {
		for range 4 {
			numbers = append(numbers, from().Uint64())
		}
		return nil
	})
	return numbers
}

// Also of a generator that was got long before.
func TestRandIsNewInEachRequest(t *testing.T) {
	t.Parallel()
	kept := wasgi.Rand()
	seen := map[uint64]bool{}
	for _, from := range []func() *rand.Rand{wasgi.Rand, func() *rand.Rand { return kept }} {
		for range 10 {
			for _, n := range draw(t, &fakeHost{}, from) {
				seen[n] = true
			}
		}
	}
	if len(seen) != 80 {
		t.Errorf("%d different numbers of 80", len(seen))
	}
}

// seededHost is a host with a seed. Its tests do not run beside others.
type seededHost struct{ fakeHost }

func (*seededHost) Seed() [32]byte { return [32]byte{1} }

func TestRandIsWhatTheHostSeedsItWith(t *testing.T) {
	source := rand.NewChaCha8([32]byte{1})
	var want []uint64
	for range 4 {
		want = append(want, source.Uint64())
	}
	for range 3 {
		// One sequence a request, however many generators.
		if got := draw(t, &seededHost{}, wasgi.Rand); !slices.Equal(got, want) {
			t.Errorf("got %x, want %x", got, want)
		}
		if slices.Equal(draw(t, &fakeHost{}, wasgi.Rand), want) {
			t.Error("the seed outlives its request")
		}
	}
}

// Apps may have goroutines, and tests play requests side by side.
func TestRandHammer(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				draw(t, &fakeHost{}, wasgi.Rand)
			}
		})
	}
	group.Wait()
}
