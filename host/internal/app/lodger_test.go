package app_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// lodging is an app with one instance at most, in a bubble with a clock of its own.
func lodging(t *testing.T, change func(*guest.Settings)) (*app.App, *program) {
	t.Helper()
	a, p := app.New("fake"), &program{t: t, keep: true}
	s := settings()
	s.MinInstances, s.MaxInstances = 1, 1
	change(&s)
	g, err := app.NewGeneration(t.Context(), a, 1, p, s, discard())
	if err != nil {
		t.Fatal(err)
	}
	a.Swap(g)
	t.Cleanup(func() { <-a.Swap(nil).Closed() })
	return a, p
}

// An instance serves as many requests as it may, or up to a tenth fewer, and all of them the same if there are few.
func TestMaxRequests(t *testing.T) {
	t.Parallel()
	for most, least := range map[int]int{1: 1, 9: 9, 10: 9, 100: 90} {
		synctest.Test(t, func(t *testing.T) {
			a, p := lodging(t, func(s *guest.Settings) { s.MaxRequests = most })
			const lives = 20
			for served := 0; p.made.Load() <= lives; served++ {
				if made := int(p.made.Load()); served > made*most {
					t.Fatalf("max %d: %d instances have served %d requests", most, made, served)
				}
				before := p.made.Load()
				if fault := serveOne(a); fault != nil {
					t.Fatal(fault)
				}
				synctest.Wait()
				if p.made.Load() != before && served+1 < int(before)*least {
					t.Fatalf("max %d: %d instances have served only %d requests", most, before, served+1)
				}
			}
		})
	}
}

// An instance that is too old is not used again; one that nobody uses is replaced when somebody looks.
func TestMaxLifetime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, p := lodging(t, func(s *guest.Settings) { s.MaxLifetime = time.Hour })
		for _, step := range []struct {
			wait time.Duration
			look bool
			made int64
		}{
			{53 * time.Minute, false, 1},
			{8 * time.Minute, false, 2}, // ends with the request that finds it too old
			{53 * time.Minute, true, 2},
			{8 * time.Minute, true, 3},
		} {
			time.Sleep(step.wait)
			if step.look {
				a.Renew()
			} else if fault := serveOne(a); fault != nil {
				t.Error(fault)
			}
			synctest.Wait()
			if made := p.made.Load(); made != step.made || p.live.Load() != 1 {
				t.Errorf("%d instances were made and %d live, want %d and 1", made, p.live.Load(), step.made)
			}
		}
	})
}

// An app that is at rest has no instance, and makes one when a request comes. One that serves nothing rests too.
func TestRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, p := lodging(t, func(*guest.Settings) {})
		if a.Used() {
			t.Error("used before the first request")
		}
		inside := a.Enter()
		for range 2 {
			if !a.Used() {
				t.Error("not used with a request inside")
			}
		}
		inside.Leave()
		if a.Used() {
			t.Error("still used")
		}
		a.Rest()
		if live := p.live.Load(); live != 0 {
			t.Errorf("%d instances live at rest", live)
		}
		if fault := serveOne(a); fault != nil || p.live.Load() != 1 || !a.Used() {
			t.Errorf("%v, %d instances", fault, p.live.Load())
		}
	})
	idle := app.New("fake")
	idle.Rest()
	idle.Renew()
	if idle.Used() {
		t.Error("an app without a generation is used")
	}
}
