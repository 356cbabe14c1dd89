package engine

import (
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// The value types of WebAssembly that signatures are made of.
const (
	I32 = api.ValueTypeI32
	I64 = api.ValueTypeI64
)

// Signature is the type of a function.
type Signature struct {
	Params, Results []api.ValueType
}

// signatureOf translates a type: both sides use the bytes of the binary format.
func signatureOf(t wasm.FuncType) Signature {
	return Signature{Params: valueTypes(t.Params), Results: valueTypes(t.Results)}
}

func valueTypes(types []wasm.ValueType) []api.ValueType {
	out := make([]api.ValueType, len(types))
	for i, t := range types {
		out[i] = api.ValueType(t)
	}
	return out
}

// Equal reports whether both are the same type.
func (s Signature) Equal(other Signature) bool {
	return slices.Equal(s.Params, other.Params) && slices.Equal(s.Results, other.Results)
}

// String writes the type as the specification does: (i32, i32) -> (i64).
func (s Signature) String() string {
	return "(" + names(s.Params) + ") -> (" + names(s.Results) + ")"
}

func names(types []api.ValueType) string {
	out := make([]string, len(types))
	for i, t := range types {
		out[i] = api.ValueTypeName(t)
	}
	return strings.Join(out, ", ")
}
