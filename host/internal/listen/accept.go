package listen

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// The pauses after a failed accept, each twice the one before.
const (
	leastPause = 5 * time.Millisecond
	mostPause  = time.Second
)

// accept waits for a connection that may come in. Running out of descriptors, or whatever else passes by itself, is waited for.
// refuse tells a client that is one too many, before its connection is closed.
func (d *Door) accept(from *source, refuse func(io.Writer)) (*counted, error) {
	pause := leastPause
	for {
		conn, err := from.Accept()
		switch {
		case err == nil:
			pause, from.busy = leastPause, true
			if let := d.admit(conn, refuse); let != nil {
				return let, nil
			}
		case d.stopping.Err() != nil:
			if from.goesOn() {
				continue
			}
			_ = from.Close() // it may be closed
			d.census.shut()
			return nil, net.ErrClosed
		case !passes(err):
			d.census.shut()
			return nil, err
		default:
			d.short.say(func(times int) {
				d.options.Log.Error("no connection can be accepted for now", "error", err, "connections", d.Open(), "times", times)
			})
			d.wait(pause)
			pause = min(2*pause, mostPause)
		}
	}
}

// source is a listener as its one accept loop sees it.
type source struct {
	net.Listener
	busy bool      // a connection has come since the last deadline
	end  time.Time // when accepting ends in any case; zero until it is about to
}

// backlog is how long no connection must have come for accepting to end, and mostBacklog how long that may take.
const (
	backlog     = 20 * time.Millisecond
	mostBacklog = 250 * time.Millisecond
)

// deadline makes Accept end before long, if it can.
func deadline(listener net.Listener) bool {
	l, ok := listener.(interface{ SetDeadline(time.Time) error })
	return ok && l.SetDeadline(time.Now().Add(backlog)) == nil
}

// goesOn reports whether more connections may wait to be accepted, and sets another deadline then.
func (s *source) goesOn() bool {
	now := time.Now()
	if s.end.IsZero() {
		s.end = now.Add(mostBacklog)
	}
	if !s.busy || now.After(s.end) {
		return false
	}
	s.busy = false
	return deadline(s.Listener)
}

// wait waits, but not for longer than connections are wanted.
func (d *Door) wait(pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.stopping.Done():
	}
}

// passes reports whether an error of accept is one of the moment: any that the system gives, but for those that say that there
// is no such listener.
func passes(err error) bool {
	var number syscall.Errno
	return errors.As(err, &number) &&
		number != syscall.EBADF && number != syscall.EINVAL && number != syscall.ENOTSOCK && number != syscall.EOPNOTSUPP
}

// admit counts a connection that may come in, and closes one that may not.
func (d *Door) admit(conn net.Conn, refuse func(io.Writer)) *counted {
	client := d.clientOf(conn)
	place, why := d.census.enter(conn, client)
	if why == "" {
		return &counted{Conn: conn, census: &d.census, place: place}
	}
	refuse(conn)
	_ = conn.Close() // whoever is refused has nothing to lose
	d.refused.say(func(times int) {
		d.options.Log.Warn("connection refused: more than "+why, "remote", conn.RemoteAddr().String(), "connections", d.Open(), "times", times)
	})
	return nil
}

// sayBusy answers a request that has not been read. Its client may not see that: the connection is closed with what it sends
// unread.
func sayBusy(w io.Writer) {
	// The first bytes of a connection always fit into its buffer.
	_, _ = io.WriteString(w, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\nServer: wasgi\r\n\r\n")
}

// sayNothing is for clients that would not understand.
func sayNothing(io.Writer) {}
