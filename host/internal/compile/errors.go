package compile

import (
	"errors"
	"fmt"
)

// Kind says why a module could not be compiled.
type Kind string

const (
	// KindInvalid: the compiler refused the module.
	KindInvalid Kind = "invalid"
	// KindCPU, KindWall, KindMemory: one of the [Bounds] was passed.
	KindCPU    Kind = "cpu"
	KindWall   Kind = "wall"
	KindMemory Kind = "memory"
	// KindCrash: the compiler ended without an answer, or panicked.
	KindCrash Kind = "crash"
	// KindHost: the child could not be started. The module is not to blame.
	KindHost Kind = "host"
)

// Error is why a module could not be compiled.
type Error struct {
	Kind    Kind
	Message string
}

func (e *Error) Error() string { return "compile: " + e.Message }

// asError makes an error of the compiler one of ours.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: KindInvalid, Message: err.Error()}
}

// exceeded says which bound was passed, and which setting raises it.
func exceeded(kind Kind, bounds Bounds) *Error {
	e := &Error{Kind: kind}
	switch kind {
	case KindCPU:
		e.Message = fmt.Sprintf("took more than %s of processor time; raise compile_timeout if the module is to be trusted", bounds.CPU)
	case KindWall:
		e.Message = fmt.Sprintf("took more than %s on the clock, most of it waiting for a processor; "+
			"try again when the machine is less busy, or raise compile_timeout", bounds.Wall)
	case KindMemory:
		e.Message = fmt.Sprintf("took more than %s of memory; raise compile_memory if the module is to be trusted", size(bounds.Memory))
	}
	return e
}

// size writes bytes as settings do.
func size(n int64) string {
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return fmt.Sprintf("%d%s", n/unit.bytes, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
