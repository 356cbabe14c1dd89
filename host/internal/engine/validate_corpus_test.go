package engine_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// runtimeSource is the folder of the runtime's module. It skips the test where it is not at hand.
func runtimeSource(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	root := strings.TrimSpace(string(out))
	if err != nil || root == "" {
		t.Skipf("the source of wazero is not at hand: %v", err)
	}
	return root
}

// corpus calls visit for each binary among the runtime's own tests, with a path that begins in its module.
func corpus(t testing.TB, visit func(path string, data []byte)) {
	t.Helper()
	root := runtimeSource(t)
	files := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".wasm" {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil {
			files++
			visit(filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator))), data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Skip("the source of wazero comes without its corpus")
	}
}

// listed are the differences that are meant: what is refused here although the compiler takes it. Files that the compiler
// must not even be shown are listed too.
var listed = []struct {
	kind wasm.Kind
	// message is part of the refusal's.
	message string
	why     string
	// deadly: the compiler would allocate whatever the file says.
	deadly bool
}{
	{wasm.KindForbidden, "only functions can be imported", "nothing provides globals, tables and memories", false},
	{wasm.KindLimit, "it may grow without bound", "a table is memory of the host that no budget covers", false},
	{wasm.KindLimit, " locals, at most 50000", "the compiler keeps 8 bytes for each local", true},
	{wasm.KindMalformed, ", which begins with ", "to instantiate it would trap; the compiler has no part in that", false},
	{wasm.KindUnsupported, "typed function references", "the compiler reads the types even where the feature is off", false},
}

// listedFor returns which of the listed differences a refusal is, -1 for none.
func listedFor(err error) int {
	refused, ok := errors.AsType[*wasm.Error](err)
	for i, d := range listed {
		if ok && refused.Kind == d.kind && strings.Contains(refused.Message, d.message) {
			return i
		}
	}
	return -1
}

// operandTypes is part of each error of the compiler for a function whose operands have wrong types: the one thing that is
// left to it.
var operandTypes = regexp.MustCompile(`invalid function\[\d+\].*(cannot pop|cannot use|type mismatch|missing|not enough|too many|trying to pop|` +
	`inconsistent block type|reference types cannot be used for non typed select)`)

// TestCorpus reads each module of the corpus with the validator and the compiler, and lets them differ only as listed. Rewriting
// changes nothing for the compiler.
func TestCorpus(t *testing.T) {
	runtime := bareRuntime(t)
	counts := map[string]int{}
	corpus(t, func(path string, data []byte) {
		m, err := wasm.Parse(data, wasm.DefaultLimits())
		var refused *wasm.Error
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("%s: refused with another error: %v", path, err)
		}
		difference := listedFor(err)
		if difference >= 0 && listed[difference].deadly {
			counts["not tried: "+listed[difference].message]++
			return
		}
		compileErr := compileBare(runtime, data)
		if m != nil {
			if err := compileBare(runtime, m.Rewrite(true).Data); (err == nil) != (compileErr == nil) {
				t.Errorf("%s: the compiler says of it %v, and of it rewritten %v", path, compileErr, err)
			}
		}
		switch {
		case refused == nil && compileErr == nil:
			counts["accepted by both"]++
		case refused != nil && compileErr != nil:
			counts["refused by both"]++
		case refused != nil && difference >= 0:
			counts["listed: "+listed[difference].message]++
		case refused != nil:
			t.Errorf("%s: refused here alone: %v", path, refused)
		case operandTypes.MatchString(compileErr.Error()):
			counts["operand types"]++
		default:
			t.Errorf("%s: accepted here alone: %v", path, compileErr)
		}
	})
	t.Log(counts)
	for _, d := range listed {
		if counts["listed: "+d.message]+counts["not tried: "+d.message] == 0 {
			t.Errorf("listed and never met: %q (%s)", d.message, d.why)
		}
	}
}

func bareRuntime(t testing.TB) wazero.Runtime {
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig())
	t.Cleanup(func() { _ = runtime.Close(ctx) })
	return runtime
}

// compileBare lets a panic through: for what the validator accepts, there must be none.
func compileBare(runtime wazero.Runtime, data []byte) error {
	ctx := context.Background()
	module, err := runtime.CompileModule(ctx, data)
	if err != nil {
		return err
	}
	return module.Close(ctx)
}
