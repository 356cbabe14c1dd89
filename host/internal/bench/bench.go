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

// Load is what clients send in one round. It is a value: rounds do not change it.
type Load struct {
	// Request is a whole HTTP/1.1 request. Every client sends it again and again, and waits for the response each time.
	Request []byte
	// Head says that responses have no body, since the request's method is HEAD.
	Head bool
	// Status is what a response must have; every other one is a failure.
	Status int
	// Clients is how many connections are used at once, Duration how long new requests are begun.
	Clients  int
	Duration time.Duration
}

const (
	// maxRequests and maxDials end a round before its time: a server that closes its connections would use up the ports.
	maxRequests = 1_000_000
	maxDials    = 1_000
	// patience is how long the last response of a round may take.
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

// Compare plays rounds on both servers in turn; every second round the other one begins. It returns early with ctx's cause.
func (l Load) Compare(ctx context.Context, rounds int, base, other string) (*Comparison, error) {
	c := &Comparison{}
	turns := []turn{{base, &c.Base}, {other, &c.Other}}
	for range rounds {
		for _, t := range turns {
			if err := l.Round(ctx, t.address, t.series); err != nil {
				return nil, err
			}
		}
		last := len(c.Base.Rates) - 1
		c.Ratios = append(c.Ratios, c.Other.Rates[last]/c.Base.Rates[last])
		slices.Reverse(turns)
	}
	return c, nil
}

type turn struct {
	address string
	series  *Series
}

// Round plays one round on the server at that address, host:port, and adds it to series.
func (l Load) Round(ctx context.Context, address string, series *Series) error {
	ctx, cancel := context.WithTimeoutCause(ctx, l.Duration+patience, errStuck)
	defer cancel()
	started := time.Now()
	r := &round{load: l, address: address, end: started.Add(l.Duration)}
	clients := make([]client, l.Clients)
	problems := make([]error, l.Clients)
	var running sync.WaitGroup
	for i := range clients {
		running.Go(func() { problems[i] = clients[i].run(ctx, r) })
	}
	running.Wait()
	elapsed := time.Since(started)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	done := series.Requests
	for i := range clients {
		series.add(&clients[i])
	}
	series.Rates = append(series.Rates, float64(series.Requests-done)/elapsed.Seconds())
	return nil
}

// round is what the clients of one round share.
type round struct {
	load     Load
	address  string
	end      time.Time
	requests atomic.Int64 // begun
	dials    atomic.Int64
}

// goesOn counts one more request, unless the round is over.
func (r *round) goesOn() bool {
	return time.Now().Before(r.end) && r.dials.Load() <= maxDials && r.requests.Add(1) <= maxRequests
}
