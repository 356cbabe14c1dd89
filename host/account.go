package host

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// account sums up what the instances of one app do while it is measured. Its methods may be called concurrently.
type account struct {
	// isolation is what the program runs under, and why it is not what was asked for.
	isolation guest.Isolation
	why       string

	counting             atomic.Bool
	made, guest, restore tally
	memory               atomic.Int64 // of the largest instance
}

// tally is a number of durations and their sum.
type tally struct{ n, sum atomic.Int64 }

func (t *tally) note(d time.Duration) {
	t.n.Add(1)
	t.sum.Add(int64(d))
}

// mean is 0 for none.
func (t *tally) mean() time.Duration {
	if n := t.n.Load(); n > 0 {
		return time.Duration(t.sum.Load() / n)
	}
	return 0
}

// begin starts to count.
func (a *account) begin() { a.counting.Store(true) }

func (a *account) fill(row *BenchRow) {
	row.RunsAs, row.Why = string(a.isolation), a.why
	row.Make, row.Guest, row.Restore = a.made.mean(), a.guest.mean(), a.restore.mean()
	row.Memory = a.memory.Load()
}

// watch keeps account of the instances that the program makes. It is called once, before there are any.
func (a *account) watch(p guest.Program) guest.Program {
	a.isolation, a.why = p.Isolation()
	return &watchedProgram{p, a}
}

type watchedProgram struct {
	guest.Program
	account *account
}

// New implements [guest.Program].
func (p *watchedProgram) New(ctx context.Context) (guest.Instance, error) {
	started := time.Now()
	instance, err := p.Program.New(ctx)
	if err != nil {
		return nil, err
	}
	if p.account.counting.Load() {
		p.account.made.note(time.Since(started))
	}
	teller, _ := instance.(guest.Accountant)
	return &watchedInstance{Instance: instance, account: p.account, teller: teller}, nil
}

// watchedInstance is used by one goroutine at a time, like the instance within.
type watchedInstance struct {
	guest.Instance
	account *account
	teller  guest.Accountant // nil if the instance tells nothing
}

// Serve implements [guest.Instance].
func (i *watchedInstance) Serve(ctx context.Context, exchange guest.Exchange) error {
	err := i.Instance.Serve(ctx, exchange)
	if !i.account.counting.Load() {
		return err
	}
	if bytes := i.Bytes(); bytes > i.account.memory.Load() {
		i.account.memory.Store(bytes) // of two that are larger either may win: they are of one app
	}
	if i.teller != nil {
		i.account.guest.note(i.teller.GuestTime())
	}
	return err
}

// Reset implements [guest.Instance]. Where requests are isolated, it is what brings the instance back.
func (i *watchedInstance) Reset() bool {
	started := time.Now()
	ready := i.Instance.Reset()
	if ready && i.account.isolation == guest.IsolationRequest && i.account.counting.Load() {
		i.account.restore.note(time.Since(started))
	}
	return ready
}
