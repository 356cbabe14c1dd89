package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/wasgi/wasgi/host/internal/bench"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// benchRun is one run of Bench.
type benchRun struct {
	host     *Host
	file     string
	module   guest.File
	settings guest.Settings
	plan     BenchPlan
	request  *benchRequest

	recording time.Duration // how long the recorded response may take

	tape   *tape // nil until the first app has been asked
	native bench.Series
	result BenchResult
}

// measure plays the rounds for the isolation that settings have now.
func (b *benchRun) measure(ctx context.Context) error {
	var first atomic.Pointer[guest.Fault]
	account := &account{}
	app, err := b.host.single(ctx, b.module, b.settings, singleOptions{
		file:  b.file,
		fault: func(fault *guest.Fault) { first.CompareAndSwap(nil, fault) },
		watch: account.watch,
	})
	if err != nil {
		return err
	}
	defer app.close()
	if b.tape == nil {
		if err := b.record(ctx, app, &first); err != nil {
			return err
		}
	}
	comparison, err := b.compare(ctx, app, account)
	if err != nil {
		return err
	}
	row := BenchRow{
		Isolation: string(b.settings.Isolation), BenchFigures: figures(&comparison.Other), Fault: first.Load(),
		Ratio: bench.Median(comparison.Ratios), Least: slices.Min(comparison.Ratios), Most: slices.Max(comparison.Ratios),
	}
	account.fill(&row)
	b.native.Merge(&comparison.Base)
	b.result.Apps = append(b.result.Apps, row)
	return nil
}

// turnTime is about how long one side is asked before it is the other's turn, and requestsATurn how many requests of a client a
// turn has at least, if the round is long enough: the last ones of a turn are not for the whole of its time.
const (
	turnTime      = 50 * time.Millisecond
	requestsATurn = 20
)

// compare serves both handlers on loopback, warms them, and lets them take turns.
func (b *benchRun) compare(ctx context.Context, app http.Handler, account *account) (*bench.Comparison, error) {
	native, stop, err := b.host.loopback(ctx, b.tape)
	if err != nil {
		return nil, err
	}
	defer stop()
	guests, stopGuests, err := b.host.loopback(ctx, app)
	if err != nil {
		return nil, err
	}
	defer stopGuests()
	load := bench.Load{
		Request: b.request.bytes, Head: b.request.method == http.MethodHead, Status: b.tape.status,
		Clients: b.plan.Clients, Duration: b.plan.warmUp(),
	}
	var warm bench.Series
	for _, address := range []string{native, guests} {
		warm = bench.Series{} // the app's, in the end
		if err := load.Turn(ctx, address, &warm); err != nil {
			return nil, err
		}
	}
	turns := max(1, int(b.plan.Duration/max(turnTime, requestsATurn*warm.Quantile(0.5))))
	load.Duration = b.plan.Duration / time.Duration(turns)
	account.begin()
	return load.Compare(ctx, b.plan.Rounds, turns, native, guests)
}

// loopback serves a handler on a free port that only this machine reaches, until stop is called, which returns when no request
// runs any more.
func (h *Host) loopback(ctx context.Context, handler http.Handler) (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("bench: %w", err)
	}
	requests, cut := context.WithCancelCause(ctx)
	server := h.server(requests, handler)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // it returns when stop is called; no error but that one matters to a client
	}()
	return listener.Addr().String(), func() {
		cut(guest.ErrShutdown)
		patience, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		if err := server.Shutdown(patience); err != nil {
			_ = server.Close() // what is left is closed with its connection
		}
		<-ended
	}, nil
}

// record asks the app once, and keeps what it answers.
func (b *benchRun) record(ctx context.Context, app *single, first *atomic.Pointer[guest.Fault]) error {
	limited, cancel := context.WithTimeoutCause(ctx, b.recording, errEndless)
	defer cancel()
	t := newTape()
	app.play(t, b.request.new(limited))
	switch fault := first.Load(); {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case t.overflow:
		return fmt.Errorf("bench: the response has more than %d bytes, or %d pieces; give a PATH with a smaller one", maxTape, maxPieces)
	case limited.Err() != nil:
		return errEndless
	case fault != nil:
		return fault
	}
	b.tape = t
	b.result.Status, b.result.Size = t.status, t.size
	return nil
}

// maxBenchBody bounds the body of the request, in bytes: all clients send it from memory.
const maxBenchBody = 64 << 20

// benchRequest is a request that can be played again and again.
type benchRequest struct {
	method string
	bytes  []byte // the whole of it, as clients send it
	body   []byte
	from   *http.Request
}

func newBenchRequest(r *http.Request) (*benchRequest, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(io.LimitReader(r.Body, maxBenchBody+1)); err != nil {
			return nil, fmt.Errorf("bench: read the request's body: %w", err)
		}
	}
	if len(body) > maxBenchBody {
		return nil, fmt.Errorf("bench: the request's body has more than %d bytes", maxBenchBody)
	}
	b := &benchRequest{method: r.Method, body: body, from: r}
	var out bytes.Buffer
	if err := b.new(r.Context()).Write(&out); err != nil {
		return nil, errors.Join(errors.New("bench: the request cannot be sent"), err)
	}
	b.bytes = out.Bytes()
	return b, nil
}

// new returns the request with a body that nobody has read yet.
func (b *benchRequest) new(ctx context.Context) *http.Request {
	r := b.from.Clone(ctx)
	r.Body, r.ContentLength, r.TransferEncoding = http.NoBody, int64(len(b.body)), nil
	if len(b.body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(b.body))
	}
	return r
}
