package host

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/wasgi/wasgi/host/internal/bench"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// BenchPlan says how [Bench] measures. A field that is zero stands for its default.
type BenchPlan struct {
	// Clients is how many connections ask at once; 4.
	Clients int
	// Duration is how long each side is asked in a round; 500 ms. They take turns within it. Rounds is how many there are for each
	// isolation; 5.
	Duration time.Duration
	Rounds   int
	// Isolations are measured one after the other; request, instance and fresh.
	Isolations []string
}

// BenchResult is what [Bench] measured.
type BenchResult struct {
	// Status and Size, in bytes of the body, are those of the response that was recorded and is expected of every request.
	Status int
	Size   int64
	// Native is the handler that gives that response, over all rounds.
	Native BenchFigures
	// Apps has one entry for each isolation of the plan, in its order.
	Apps []BenchRow
}

// BenchFigures are what clients see of one server.
type BenchFigures struct {
	// Requests were answered, Failed of them otherwise than expected, or not to the end.
	Requests, Failed int
	// PerSecond is the median of the rounds' rates.
	PerSecond float64
	// P50 and P99 are quantiles of the time from a request's begin to the response's end, over all rounds.
	P50, P99 time.Duration
}

// BenchRow is how the app does under one isolation.
type BenchRow struct {
	// Isolation is what the plan asks for, RunsAs what the app can be run under, and Why the reason if it is another one.
	Isolation, RunsAs, Why string
	BenchFigures
	// Ratio is the median of the rounds' ratios of the app's rate to the native handler's in the same round; 1 is native speed.
	// Least and Most are the extremes.
	Ratio, Least, Most float64
	// Guest is the processor time of guest code, Restore the time that bringing an instance back takes: means of a request, 0
	// where it is not known.
	Guest, Restore time.Duration
	// Make is the mean time that making and initialising an instance takes, 0 if none had to be made while it was measured.
	Make time.Duration
	// Memory is the largest linear memory of an instance, in bytes.
	Memory int64
	// Fault is the first that the app met while it was measured; nil for none.
	Fault *Fault
}

// Bench measures what serving an app costs: the app and a native handler that gives the same response take short turns
// under the same server settings, asked over loopback by clients in this process. file is the module, with its manifest
// beside it if it has one; the app is mounted at "/", and its isolation is the plan's. r is the request that all clients send;
// its body is read once. The response is recorded first, from an app that ends its response within ten seconds. A [*Fault] is
// returned if that one fails. ctx ends the measurement early, with its cause as the error.
func Bench(ctx context.Context, options Options, file string, r *http.Request, plan BenchPlan) (*BenchResult, error) {
	plan = plan.withDefaults()
	if err := plan.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, slowness*plan.Takes()+time.Minute, errSlow)
	defer cancel()
	request, err := newBenchRequest(r)
	if err != nil {
		return nil, err
	}
	h, err := open(ctx, options)
	if err != nil {
		return nil, err
	}
	defer func() { _ = h.Close() }() // everything it held is closed by then
	module, settings, err := h.read(file)
	if err != nil {
		return nil, err
	}
	b := &benchRun{host: h, file: file, module: module, settings: settings, plan: plan, request: request,
		recording: maxRecording}
	for _, isolation := range plan.Isolations {
		b.settings.Isolation = guest.Isolation(isolation)
		if err := b.measure(ctx); err != nil {
			return nil, err
		}
	}
	b.result.Native = figures(&b.native)
	return &b.result, nil
}

func (p BenchPlan) withDefaults() BenchPlan {
	if p.Clients == 0 {
		p.Clients = 4
	}
	if p.Duration == 0 {
		p.Duration = 500 * time.Millisecond
	}
	if p.Rounds == 0 {
		p.Rounds = 5
	}
	if p.Isolations == nil {
		for _, isolation := range isolations() {
			p.Isolations = append(p.Isolations, string(isolation))
		}
	}
	return p
}

func isolations() []guest.Isolation {
	return []guest.Isolation{guest.IsolationRequest, guest.IsolationInstance, guest.IsolationFresh}
}

// The bounds of a plan.
const (
	maxClients  = 256
	maxRounds   = 10_000
	maxDuration = time.Minute
	maxBench    = time.Hour
)

func (p BenchPlan) check() error {
	switch {
	case p.Clients < 0 || p.Clients > maxClients:
		return fmt.Errorf("bench: %d clients: must be 1 to %d", p.Clients, maxClients)
	case p.Rounds < 0 || p.Rounds > maxRounds:
		return fmt.Errorf("bench: %d rounds: must be 1 to %d", p.Rounds, maxRounds)
	case p.Duration < time.Millisecond || p.Duration > maxDuration:
		return fmt.Errorf("bench: rounds of %s: must be 1ms to %s", p.Duration, maxDuration)
	case p.Takes() > maxBench:
		return fmt.Errorf("bench: would take %s: must be at most %s", p.Takes(), maxBench)
	}
	for _, isolation := range p.Isolations {
		if !slices.Contains(isolations(), guest.Isolation(isolation)) {
			return fmt.Errorf("bench: isolation %q: must be request, instance or fresh", isolation)
		}
	}
	return nil
}

// Takes is about how long the plan takes, without compiling the app.
func (p BenchPlan) Takes() time.Duration {
	p = p.withDefaults()
	return time.Duration(2*len(p.Isolations)) * (time.Duration(p.Rounds)*p.Duration + p.warmUp())
}

// warmUp is how long each side is asked before it counts.
func (p BenchPlan) warmUp() time.Duration { return min(p.Duration, 200*time.Millisecond) }

func figures(s *bench.Series) BenchFigures {
	return BenchFigures{
		Requests: s.Requests, Failed: s.Failed, PerSecond: s.PerSecond(), P50: s.Quantile(0.5), P99: s.Quantile(0.99),
	}
}

const (
	// maxRecording is how long the recorded response may take.
	maxRecording = 10 * time.Second
	// slowness is how many times longer than planned it may all take.
	slowness = 4
)

const (
	errEndless givenUp = "bench: the response did not end within 10 s; give a PATH whose response ends"
	errSlow    givenUp = "bench: the app is too slow for what was asked for; ask for fewer rounds or kinds of isolation"
)

// givenUp is why nobody waits for the app any more. To the app it is what a client is that goes away: not its fault.
type givenUp string

func (e givenUp) Error() string { return string(e) }

// Is makes it a [context.Canceled].
func (givenUp) Is(target error) bool { return target == context.Canceled }
