package pool_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wasgi/wasgi/host/internal/pool"
)

// thing counts its users and its endings, so that each misuse shows.
type thing struct {
	users, closed atomic.Int32
}

// forge makes things and knows them all.
type forge struct {
	t         *testing.T
	most      int64
	live      atomic.Int64
	mu        sync.Mutex
	made      []*thing
	failEvery int
	tries     atomic.Int64
}

var errForge = errors.New("the forge failed")

func (f *forge) make(ctx context.Context) (*thing, error) {
	if n := f.live.Add(1); n > f.most {
		f.t.Errorf("%d are live, want at most %d", n, f.most)
	}
	if ctx.Err() != nil || f.tries.Add(1)%int64(f.failEvery) == 0 {
		f.live.Add(-1)
		return nil, errForge
	}
	made := new(thing)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made = append(f.made, made)
	return made, nil
}

func (f *forge) close(t *thing) {
	if t.users.Load() != 0 {
		f.t.Error("closed while in use")
	}
	if t.closed.Add(1) != 1 {
		f.t.Error("closed twice")
	}
	f.live.Add(-1)
}

// use plays one user's visits: it acquires, sometimes gives up, and gives back with either verb.
func (f *forge) use(p *pool.Pool[*thing], seed uint64, visits int) {
	random := rand.New(rand.NewPCG(seed, 1))
	for range visits {
		ctx, cancel := context.WithCancel(f.t.Context())
		if random.IntN(4) == 0 {
			go cancel()
		}
		got, err := p.Acquire(ctx)
		cancel()
		if err != nil {
			if !errors.Is(err, context.Canceled) && !errors.Is(err, errForge) && !errors.Is(err, pool.ErrClosed) {
				f.t.Errorf("Acquire: %v", err)
			}
			continue
		}
		if got.users.Add(1) != 1 || got.closed.Load() != 0 {
			f.t.Error("got a thing that is in use or closed")
		}
		got.users.Add(-1)
		if random.IntN(3) == 0 {
			p.Discard(got)
		} else {
			p.Release(got)
		}
	}
}

func hammer(t *testing.T, closeEarly bool) {
	const users, visits, least, most = 64, 200, 2, 7
	f := &forge{t: t, most: most, failEvery: 13}
	p := pool.New(pool.Options[*thing]{Min: least, Max: most, New: f.make, Close: f.close, Failed: func(err error) {
		if !errors.Is(err, errForge) {
			t.Errorf("Failed: %v", err)
		}
	}})
	var all sync.WaitGroup
	for i := range users {
		all.Go(func() { f.use(p, uint64(i), visits) })
	}
	for range 4 {
		all.Go(func() { checkStats(t, p, visits, most) })
	}
	all.Go(func() {
		for i := range visits {
			p.Renew(func(made *thing) bool { return made.users.Load() != 0 || i%2 == 0 })
			p.Empty()
		}
	})
	if closeEarly {
		for f.tries.Load() < users {
			p.Release(mustMake(t, p))
		}
		p.Close()
	}
	all.Wait()
	p.Close()
	if got := p.Stats(); got != (pool.Stats{}) {
		t.Errorf("left over: %+v", got)
	}
	if n := f.live.Load(); n != 0 {
		t.Errorf("%d are still live", n)
	}
	for i, made := range f.made {
		if n := made.closed.Load(); n != 1 {
			t.Errorf("thing %d of %d was closed %d times", i, len(f.made), n)
		}
	}
}

// mustMake acquires until the forge does not fail.
func mustMake(t *testing.T, p *pool.Pool[*thing]) *thing {
	for {
		got, err := p.Acquire(t.Context())
		if err == nil {
			return got
		}
		if !errors.Is(err, errForge) {
			t.Fatal(err)
		}
	}
}

func checkStats(t *testing.T, p *pool.Pool[*thing], times, most int) {
	for range times {
		s := p.Stats()
		if s.Idle < 0 || s.InUse < 0 || s.Idle+s.InUse > most || s.Idle > 0 && s.Waiting > 0 {
			t.Errorf("impossible: %+v", s)
		}
	}
}

func TestHammer(t *testing.T) {
	t.Parallel()
	hammer(t, false)
}

func TestHammerWithClose(t *testing.T) {
	t.Parallel()
	hammer(t, true)
}

func BenchmarkAcquireRelease(b *testing.B) {
	p := pool.New(pool.Options[int]{
		Max:   1,
		New:   func(context.Context) (int, error) { return 1, nil },
		Close: func(int) {},
	})
	defer p.Close()
	b.ReportAllocs()
	for b.Loop() {
		got, err := p.Acquire(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		p.Release(got)
	}
}

// More users than things: each visit waits its turn.
func BenchmarkContended(b *testing.B) {
	p := pool.New(pool.Options[int]{
		Max:   2,
		New:   func(context.Context) (int, error) { return 1, nil },
		Close: func(int) {},
	})
	defer p.Close()
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			got, err := p.Acquire(b.Context())
			if err != nil {
				b.Error(err)
				return
			}
			p.Release(got)
		}
	})
}
