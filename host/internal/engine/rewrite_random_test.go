package engine_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

const (
	// randomVariable may hold how many random modules are tried, for long runs.
	randomVariable = "WASGI_TEST_RANDOM"
	// randomSeedVariable may hold where they begin: the number of the first, to try others, or one again.
	randomSeedVariable = "WASGI_TEST_RANDOM_FIRST"
	randomModules      = 400
)

// fuzzFlags make binaryen turn any bytes into a module of the features that are accepted.
var fuzzFlags = []string{"--mvp-features", "--enable-mutable-globals", "--enable-sign-ext",
	"--enable-nontrapping-float-to-int", "--enable-bulk-memory", "--enable-simd", "--enable-multivalue"}

// passes change modules further, into shapes that the generator does not make. The first entry changes nothing.
var passes = [][]string{nil, {"--fuzz-passes"}, {"-O3"}, {"--flatten", "--rereloop"}, {"-Oz"}}

// TestRewrittenRandom runs random modules both ways. They log through imports, trap, write over their memory and call one
// another; binaryen sees to it that they end.
func TestRewrittenRandom(t *testing.T) {
	skipUnderRace(t)
	t.Parallel()
	if _, err := exec.LookPath("wasm-opt"); err != nil {
		t.Skip("wasm-opt (package binaryen) is not installed")
	}
	dir := t.TempDir()
	first, refused := fromEnvironment(t, randomSeedVariable, 0), 0
	var c compared
	for i := range fromEnvironment(t, randomVariable, randomModules) {
		data := randomModule(t, dir, uint64(first+i))
		m, err := wasm.Parse(data, wasm.DefaultLimits())
		if err != nil {
			refused++
			continue
		}
		c.compareTraces(t, fmt.Sprintf("%s=%d", randomSeedVariable, first+i), m, faithful(m))
	}
	t.Logf("%v; %d refused", &c, refused)
	if c.calls < c.modules {
		t.Error("too few calls to show anything")
	}
}

// faithful is how the original is prepared so that it does what the specification says. The runtime keeps active data segments,
// which memory.init must find empty: they are emptied, unless no instruction can name them. A start function would miss them.
func faithful(m *wasm.Module) preparation {
	if m.DataCount >= 0 && m.Start < 0 {
		return asSpecified
	}
	return asItIs
}

// asSpecified is a module as it is, but that its active data segments are empty once they have been applied.
func asSpecified(m *wasm.Module) prepared {
	at := slices.IndexFunc(m.Sections, func(s wasm.Section) bool { return s.ID == wasm.SectionData })
	if at < 0 {
		return asItIs(m)
	}
	content := binary.AppendUvarint(nil, uint64(len(m.DataSegs)))
	for _, s := range m.DataSegs {
		if s.Mode == wasm.ModeActive {
			content = append(content, "\x00\x41\x00\x0b\x00"...) // nothing at 0
			continue
		}
		content = binary.AppendUvarint(append(content, 1), uint64(s.Bytes.Len()))
		content = append(content, m.Data[s.Bytes.Start:s.Bytes.End]...)
	}
	data := slices.Clone(m.Data[:m.Sections[at-1].End])
	data = binary.AppendUvarint(append(data, byte(wasm.SectionData)), uint64(len(content)))
	data = append(append(data, content...), m.Data[m.Sections[at].End:]...)
	return prepared{data: data, begin: func(_ context.Context, instance api.Module) error { return applyData(m, instance.Memory()) }}
}

func fromEnvironment(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// randomModule is the same for the same number. Every second one has no NaN, whose bits the specification leaves open.
func randomModule(t *testing.T, dir string, seed uint64) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	input := make([]byte, 64<<random.IntN(9)+random.IntN(64))
	for i := 0; i+8 <= len(input); i += 8 {
		binary.LittleEndian.PutUint64(input[i:], random.Uint64())
	}
	from, to := filepath.Join(dir, "random"), filepath.Join(dir, "random.wasm")
	if err := os.WriteFile(from, input, 0o600); err != nil {
		t.Fatal(err)
	}
	var more []string
	if seed%8 == 7 {
		more = append(more, "--enable-reference-types") // makes subtypes, too, so that many of these are refused
	}
	if seed%2 == 1 {
		more = append(more, "--denan")
	}
	messages, err := fuzz(from, to, append(more, passes[seed%uint64(len(passes))]...))
	if err != nil {
		messages, err = fuzz(from, to, more) // not every pass is up to every module
	}
	if err != nil {
		t.Fatalf("%d: wasm-opt: %v\n%s", seed, err, messages)
	}
	data, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func fuzz(from, to string, more []string) (messages []byte, err error) {
	args := append([]string{"--translate-to-fuzz", from, "-o", to}, fuzzFlags...)
	return exec.Command("wasm-opt", append(args, more...)...).CombinedOutput()
}
