// Package bench measures how two HTTP servers do under the same load: they take turns, round by round, so that what else the
// machine does falls on both of them. Clients and servers share a process and its processors; a client does as little as can be,
// since what it costs is in both sides of every ratio.
//
// It knows addresses and bytes, and nothing of apps.
package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Load is what clients send in one turn. It is a value: turns do not change it.
type Load struct {
	// Request is a whole HTTP/1.1 request. Every client sends it again and again, and waits for the response each time.
	Request []byte
	// Head says that responses have no body, since the request's method is HEAD.
	Head bool
	// Status is what a response must have; every other one is a failure.
	Status int
	// Clients is how many connections are used at once.
	Clients int
	// Duration is how long a turn begins new requests. Requests, if it is not 0, ends it after so many.
	Duration time.Duration
	Requests int
}

const (
	// maxDials ends a turn before its time: a server that closes its connections would use up the ports.
	maxDials = 1_000
	// patience is how long the last response of a turn may take.
	patience = time.Minute
)

var errStuck = errors.New("bench: no response within a minute")

// Comparison is how two servers did against each other.
type Comparison struct {
	// Base is the server that the other is measured by.
	Base, Other Series
	// Ratios are those of Other's rate to Base's, one for each round.
	Ratios []float64
}

// Compare plays rounds, each of so many turns on both servers; every second turn the other one begins. Turns should be short, so
// that what disturbs one disturbs the other, and rounds long, so that their ratios say something. It returns early with ctx's
// cause.
func (l Load) Compare(ctx context.Context, rounds, turns int, base, other string) (*Comparison, error) {
	c := &Comparison{}
	sides := []side{{address: base, series: &c.Base}, {address: other, series: &c.Other}}
	for range rounds {
		for range turns {
			for _, s := range sides {
				if err := l.Turn(ctx, s.address, s.series); err != nil {
					return nil, err
				}
			}
			slices.Reverse(sides)
		}
		ratio := c.Other.endRound() / c.Base.endRound()
		c.Ratios = append(c.Ratios, ratio)
	}
	return c, nil
}

type side struct {
	address string
	series  *Series
}

// Turn plays one turn on the server at that address, host:port, and adds it to series.
func (l Load) Turn(ctx context.Context, address string, series *Series) error {
	ctx, cancel := context.WithTimeoutCause(ctx, l.Duration+patience, errStuck)
	defer cancel()
	started := time.Now()
	t := &turn{load: l, address: address, end: started.Add(l.Duration)}
	clients := make([]client, l.Clients)
	problems := make([]error, l.Clients)
	var running sync.WaitGroup
	for i := range clients {
		running.Go(func() { problems[i] = clients[i].run(ctx, t) })
	}
	running.Wait()
	elapsed := time.Since(started)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	for i := range clients {
		series.add(&clients[i])
	}
	series.elapsed += elapsed
	return nil
}

// turn is what the clients of one turn share.
type turn struct {
	load     Load
	address  string
	end      time.Time
	requests atomic.Int64 // begun, if they are bounded
	dials    atomic.Int64
}

// goesOn counts one more request, unless the turn is over.
func (t *turn) goesOn() bool {
	if t.load.Requests > 0 && t.requests.Add(1) > int64(t.load.Requests) {
		return false
	}
	return time.Now().Before(t.end) && t.dials.Load() <= maxDials
}
