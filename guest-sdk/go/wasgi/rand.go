package wasgi

import (
	"math/rand/v2"
	"sync"
)

// Rand returns a generator of random numbers that are new in each request.
//
// Package math/rand's own, a generator that was seeded before the first request, and the order of a map are not: under the
// host's default isolation every request begins with the same state of the guest, theirs included, and so gets the same numbers
// as all others. This one is seeded anew at its first use in a request, wherever and whenever it was got. It does not replace
// crypto/rand, whose bytes come from the host and are new at any time, for what must not be guessed: keys, tokens, nonces.
func Rand() *rand.Rand { return rand.New(source{}) }

// Seeder is a [Host] that says what [Rand] is seeded with, for a test that must know what an application draws.
type Seeder interface {
	Seed() [32]byte
}

// random is the state of all generators that Rand returned. The lock is for tests, which play requests side by side.
var random struct {
	sync.Mutex
	source *rand.ChaCha8 // nil until the first use in a request
	seeder Seeder        // nil for the host's random bytes
}

// renewRandom makes the numbers of a request new.
func renewRandom(host Host) {
	random.Lock()
	defer random.Unlock()
	random.source = nil
	random.seeder, _ = host.(Seeder)
}

type source struct{}

// Uint64 implements [rand.Source].
func (source) Uint64() uint64 {
	random.Lock()
	defer random.Unlock()
	if random.source == nil {
		seed := freshSeed
		if random.seeder != nil {
			seed = random.seeder.Seed
		}
		random.source = rand.NewChaCha8(seed())
	}
	return random.source.Uint64()
}
