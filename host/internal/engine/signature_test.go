package engine_test

import (
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/engine"
)

func TestSignature(t *testing.T) {
	t.Parallel()
	type types = []api.ValueType
	signatures := map[string]engine.Signature{
		"() -> ()":           {},
		"(i32) -> ()":        {Params: types{engine.I32}},
		"() -> (i32)":        {Results: types{engine.I32}},
		"(i32, i64) -> ()":   {Params: types{engine.I32, engine.I64}},
		"(i64, i32) -> ()":   {Params: types{engine.I64, engine.I32}},
		"(i32) -> (i64)":     {Params: types{engine.I32}, Results: types{engine.I64}},
		"(f32) -> (f64)":     {Params: types{api.ValueTypeF32}, Results: types{api.ValueTypeF64}},
		"() -> (i32, i64)":   {Results: types{engine.I32, engine.I64}},
		"(externref) -> ()":  {Params: types{api.ValueTypeExternref}},
		"(unknown) -> (i32)": {Params: types{1}, Results: types{engine.I32}},
	}
	for text, s := range signatures {
		if s.String() != text {
			t.Errorf("String() = %s, want %s", s, text)
		}
		for other, o := range signatures {
			if s.Equal(o) != (text == other) {
				t.Errorf("%s and %s: Equal() = %t", text, other, s.Equal(o))
			}
		}
	}
	if !(engine.Signature{Params: types{}, Results: nil}).Equal(engine.Signature{Params: nil, Results: types{}}) {
		t.Error("an empty list differs from none")
	}
}
