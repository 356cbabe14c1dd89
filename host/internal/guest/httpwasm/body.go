package httpwasm

import (
	"errors"

	"github.com/wasgi/wasgi/host/internal/guest"
)

var errBuffered = errors.New("a body that is kept for the middleware is longer than its memory; raise memory in its manifest")

// body is what of a body is kept for the guest, or was written by it, and where the rest comes from.
type body struct {
	read func([]byte) (int, error) // nil for a body that is only kept
	most int64                     // bytes that may be kept

	kept     []byte
	replaced bool // the guest has written another body in its place
	seen     int  // bytes of those kept that the guest has read
	passed   int  // bytes of those kept that were read behind the guest
}

// keep adds bytes to those that are kept.
func (b *body) keep(p []byte) error {
	if int64(len(b.kept))+int64(len(p)) > b.most {
		return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindBudget, Cause: errBuffered}
	}
	b.kept = append(b.kept, p...)
	return nil
}

// write is the guest's: the first one replaces what was there.
func (b *body) write(p []byte) error {
	if !b.replaced {
		b.replaced, b.kept, b.seen, b.passed = true, nil, 0, 0
	}
	return b.keep(p)
}

// next reads from position at on, which is one of the two readers'. keep says that what is new is kept for the other one.
func (b *body) next(p []byte, at *int, keep bool) (int, error) {
	if *at < len(b.kept) {
		n := copy(p, b.kept[*at:])
		*at += n
		return n, nil
	}
	if b.replaced || b.read == nil {
		return 0, nil
	}
	n, err := b.read(p)
	if err == nil && keep {
		if err := b.keep(p[:n]); err != nil {
			return 0, err
		}
		*at += n
	}
	return n, err
}
