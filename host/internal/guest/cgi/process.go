package cgi

import (
	"errors"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// together is how many bytes of a body are kept until they are sent, unless the program pauses or ends before.
const together = 16 << 10

// process is one run of a program; it implements [engine.Process]. Programs write line by line, and a block of a response a line
// would take most of the time: what is written in one go is sent together, when it is enough, when the program pauses, or with the
// end, where it gives the response its length.
type process struct {
	exchange      guest.Exchange
	args, environ []string
	header        header
	answered      bool   // the header block is complete and has been given to the exchange
	kept          []byte // of the body, until it is sent
}

func (p *process) begin(exchange guest.Exchange, args, environ []string) {
	*p = process{exchange: exchange, args: args, environ: environ, kept: p.kept[:0], header: header{block: p.header.block[:0]}}
}

// end forgets the exchange and keeps the room.
func (p *process) end() { p.begin(nil, nil, nil) }

// Args implements [engine.Process].
func (p *process) Args() []string { return p.args }

// Environ implements [engine.Process].
func (p *process) Environ() []string { return p.environ }

// Read implements [engine.Process].
func (p *process) Read(b []byte) (int, error) { return p.exchange.Read(b) }

// Write implements [engine.Process].
func (p *process) Write(b []byte) (int, error) {
	body := b
	if !p.answered {
		rest, complete, err := p.header.add(b)
		if err != nil {
			return 0, protocolFault("header block: %w", err)
		}
		if !complete {
			return len(b), nil
		}
		if err := p.answer(); err != nil {
			return 0, err
		}
		body = rest
	}
	return len(b), p.keep(body)
}

// answer gives the header block to the exchange.
func (p *process) answer() error {
	response, err := p.header.response()
	if err != nil {
		return protocolFault("header block: %w", err)
	}
	if err := p.exchange.StartResponse(response.status, response.fields, false); err != nil {
		return protocolFault("header block: %w", refused(err))
	}
	p.answered = true
	return nil
}

// refused says why the server would not take a header block that the parser has found well-formed.
func refused(err error) error {
	if errors.Is(err, abi.CodeForbidden) {
		return errors.New("holds a field that only the server may send: Transfer-Encoding, Upgrade, Trailer, TE or Proxy-…")
	}
	return errors.New(err.Error()) // no code any more: those are told to the program
}

// keep keeps a part of the body, or sends it with what was kept before.
func (p *process) keep(b []byte) error {
	if len(p.kept)+len(b) < together {
		p.kept = append(p.kept, b...)
		return nil
	}
	if err := p.Pause(); err != nil {
		return err
	}
	if len(b) < together {
		p.kept = append(p.kept, b...)
		return nil
	}
	return p.send(b)
}

// Pause implements [engine.Process]: what was kept is sent. Headers alone are not: as long as they wait, the client can still be told
// that the program has failed.
func (p *process) Pause() error {
	if len(p.kept) == 0 {
		return nil
	}
	err := p.send(p.kept)
	p.kept = p.kept[:0]
	return err
}

func (p *process) send(b []byte) error {
	err := p.exchange.Write(b)
	if errors.Is(err, abi.CodeLength) {
		return protocolFault("the body is longer than its Content-Length")
	}
	return err
}

// finish ends the response of a program that has ended well.
func (p *process) finish() error {
	switch {
	case p.answered:
		return p.exchange.Finish(p.kept)
	case p.header.size() == 0:
		return protocolFault("the program ended without writing to its standard output")
	}
	return protocolFault("header block: the program ended within it, after line %d: no empty line ends it", p.header.lines())
}
