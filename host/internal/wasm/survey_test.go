package wasm_test

import (
	"slices"
	"testing"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// ids are the numbers of sections.
func ids(sections []wasm.Section) (out []int) {
	for _, s := range sections {
		out = append(out, int(s.ID))
	}
	return out
}

func TestSurveyKnowsWhatStandsBeforeTheRefusedSection(t *testing.T) {
	t.Parallel()
	imported := section(2, list(join(text("env"), text("f"), bytes(0, 1))))
	good := join(types, imported, functions, oneMemory, section(10, list(body(0, bytes(0x0b)))))
	for _, c := range []struct {
		name          string
		data          []byte
		known, layout []int
		want          string
	}{
		{"nothing is wrong", module(good), []int{1, 2, 3, 5, 10}, []int{1, 2, 3, 5, 10}, ""},
		{"an unknown instruction", module(types, imported, functions, section(10, list(body(0, bytes(0xff, 0x0b)))), section(11, leb(0))),
			[]int{1, 2, 3}, []int{1, 2, 3, 10, 11}, "wasm: code section, function 1, offset 0x27: unknown instruction ff"},
		{"cut off in a section", module(good)[:len(magic)+len(types)+3], []int{1}, []int{1},
			"wasm: import section, offset 0x15: 9 bytes announced, 1 left"},
		{"an unknown section", module(types, section(77)), []int{1}, []int{1}, "wasm: offset 0x13: unknown section 77"},
		{"sections that contradict each other", module(types, functions), []int{1, 3}, []int{1, 3},
			"wasm: offset 0x17: 1 functions are declared and 0 have code"},
		{"a bad import", module(types, section(2, list(join(text("env"), text("f"), bytes(0, 9))))), []int{1}, []int{1, 2},
			"wasm: import section, import 0, offset 0x1d: type 9 does not exist, there are 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, err := wasm.Survey(c.data, wasm.DefaultLimits())
			if got := errorText(err); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if m == nil || !slices.Equal(ids(m.Sections), c.known) {
				t.Errorf("knows %+v, want the sections %d", m, c.known)
			}
			if got := ids(wasm.Layout(c.data, 100)); !slices.Equal(got, c.layout) {
				t.Errorf("the layout is %d, want %d", got, c.layout)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestSurveyOfNoModule(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{"empty": nil, "text": []byte("hello world"), "cut in the header": []byte(magic)[:6],
		"a component": []byte("\x00asm\x0d\x00\x01\x00")} {
		if m, err := wasm.Survey(data, wasm.DefaultLimits()); m != nil || err == nil {
			t.Errorf("%s: module %v, error %v", name, m, err)
		}
	}
	limits := wasm.DefaultLimits()
	limits.ModuleSize = 10
	if m, err := wasm.Survey(module(types), limits); m != nil || err == nil {
		t.Errorf("too large: module %v, error %v", m, err)
	}
}

func TestLayoutIsBounded(t *testing.T) {
	t.Parallel()
	data := module(times(50, func(int) []byte { return section(0, text("x")) }))
	if got := len(wasm.Layout(data, 10)); got != 10 {
		t.Errorf("%d sections, want 10", got)
	}
	if got := wasm.Layout([]byte("\x00as"), 10); len(got) != 0 {
		t.Errorf("sections in 3 bytes: %v", got)
	}
}

func TestTypesAreWrittenAsInTheSpecification(t *testing.T) {
	t.Parallel()
	for want, typ := range map[string]wasm.FuncType{
		"() -> ()":                 {},
		"(i32, i64) -> (f32, f64)": {Params: []wasm.ValueType{wasm.I32, wasm.I64}, Results: []wasm.ValueType{wasm.F32, wasm.F64}},
		"(v128, funcref) -> (externref)": {Params: []wasm.ValueType{wasm.V128, wasm.FuncRef},
			Results: []wasm.ValueType{wasm.ExternRef}},
	} {
		if got := typ.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := wasm.SectionDataCount.String() + ", " + wasm.SectionID(99).String(); got != "data count, unknown" {
		t.Errorf("sections are called %s", got)
	}
}
