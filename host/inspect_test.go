package host_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// inspect inspects a module with a manifest beside it, if there is to be one.
func inspect(t *testing.T, module []byte, manifest string) *host.Inspection {
	t.Helper()
	cfg := config.Default()
	cfg.Apps.Cache = guesttest.CacheDir(t)
	file := filepath.Join(t.TempDir(), "app.wasm")
	write(t, file, module)
	if manifest != "" {
		write(t, strings.TrimSuffix(file, "wasm")+"toml", []byte(manifest))
	}
	i, err := host.Inspect(t.Context(), host.Options{Config: cfg}, file)
	if err != nil {
		t.Fatal(err)
	}
	if i.File != file || i.Size != int64(len(module)) {
		t.Errorf("file %q of %d bytes", i.File, i.Size)
	}
	return i
}

// The names of the fields, and what they say of a module that has everything. What the rewriter and the estimate make of it is
// theirs to change.
func TestInspectionAsJSON(t *testing.T) {
	t.Parallel()
	i := inspect(t, guesttest.Wasm(t, "everything"), "")
	i.File = "everything.wasm"
	rewrite, compile := i.Module.Rewrite, i.Module.Compile
	if rewrite.Loops != 1 || rewrite.Functions != 3 || rewrite.CodeAfter <= rewrite.CodeBefore || rewrite.SizeAfter <= rewrite.CodeAfter ||
		compile.Cost <= 0 {
		t.Errorf("rewrite %+v, compile %+v", rewrite, compile)
	}
	rewrite.Charged, rewrite.CodeAfter, rewrite.SizeAfter, compile.Cost = 1, 2, 3, 4
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(i); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "everything.json")
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var expected host.Inspection
	decoder := json.NewDecoder(bytes.NewReader(want))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&expected); err != nil {
		t.Errorf("%s: %v", golden, err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got\n%s\nwant what %s says", &got, golden)
	}
}

func TestInspectAppInGo(t *testing.T) {
	t.Parallel()
	i := inspect(t, guesttest.Go(t, filepath.Join("..", "plugins", "hello")), "")
	if i.Kind != "wasgi" || len(i.Refusals) > 0 || !i.Module.Complete || !strings.HasPrefix(i.Module.Toolchain, "Go go1.") ||
		len(i.Module.Producers) == 0 || len(i.Module.Fresh) > 0 || i.Module.Rewrite.Charged == 0 {
		t.Errorf("%+v\n%+v", i, i.Module)
	}
	for _, m := range i.Module.Imports {
		for _, f := range m.Functions {
			if m.Access != "always" || !f.Provided {
				t.Errorf("import of %s: %+v", m.Module, f)
			}
		}
	}
}

// cost is a part of a message that changes whenever estimates get better.
var cost = regexp.MustCompile(`[0-9]+ units`)

// Whatever is refused is told with the reason, and with what stands before the place that is at fault.
func TestInspectRefused(t *testing.T) {
	t.Parallel()
	whole := guesttest.Wasm(t, "everything")
	code := bytes.Index(whole, []byte("\x0a\x35\x03")) // the section's number, its length, three functions
	for _, c := range []struct {
		name     string
		data     []byte
		manifest string
		kind     string   // of guest
		want     []string // of each refusal: kind, section and message
		imports  int      // modules that are known; -1 where there is no module
	}{
		{"nothing at all", nil, "", "", []string{"unknown: the file is empty"}, -1},
		{"a text", []byte("hello"), "", "", []string{"unknown: not WebAssembly: it begins with 68 65 6c 6c, not with 00 61 73 6d"}, -1},
		{"a component", []byte("\x00asm\x0d\x00\x01\x00"), "", "",
			[]string{"unknown: a WebAssembly component; only core modules can be served: build one without the component step"}, -1},
		{"a header alone", whole[:8], "", "wasgi", []string{
			`contract: memory "memory": not exported; export it under that name`,
			`contract: function "allocate": not exported; export it as (i32) -> (i32)`,
			`contract: function "application": not exported; export it as (i32, i32) -> (i64)`}, 0},
		{"cut off in its code", whole[:code+20], "", "wasgi",
			[]string{"malformed in code: wasm: code section, offset 0xfa: 53 bytes announced, 18 left"}, 2},
		{"loops that compile for ever", guesttest.NestedLoops(400, 400), "", "wasgi", []string{"limit in code: wasm: code section, " +
			"function 1, offset 0x50: N units of compile cost (blocks times locals that live across them), at most 2000000"}, 0},
		{"an imported memory", guesttest.Wasm(t, "load_import_memory"), "", "wasgi", []string{`forbidden in import: wasm: import section, ` +
			`import 0, offset 0x24: "env"."memory" is a memory: only functions can be imported; define the memory in the module`}, 0},
		{"more memory than its manifest has", guesttest.Wasm(t, "load_memory"), "memory = '1MiB'", "wasgi", []string{
			`contract: memory "memory": starts at 268435456 bytes, the app may have 1048576; raise memory in its manifest`}, 0},
		{"more entries than its manifest has", guesttest.Wasm(t, "references"), "tables = 0", "wasgi", []string{
			`contract: tables: may hold 1 entries, the app may have 0; raise tables in its manifest`}, 0},
		{"more bytes than its manifest has", guesttest.Wasm(t, "hello"), "max_module = 10", "", []string{
			`size: has 265 bytes and may have 10; raise max_module in the app's manifest`}, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			i := inspect(t, c.data, c.manifest)
			var got []string
			for _, r := range i.Refusals {
				where := ""
				if r.Section != "" {
					where = " in " + r.Section
				}
				if (r.Offset != nil) != (where != "") {
					t.Errorf("offset of %+v", r)
				}
				got = append(got, r.Kind+where+": "+cost.ReplaceAllString(r.Message, "N units"))
			}
			if i.Kind != c.kind || !slices.Equal(got, c.want) {
				t.Errorf("kind %q, refusals\n%q\nwant\n%q", i.Kind, got, c.want)
			}
			switch {
			case (i.Module == nil) != (c.imports < 0):
				t.Errorf("module %+v", i.Module)
			case i.Module != nil && len(i.Module.Imports) != c.imports:
				t.Errorf("imports %+v", i.Module.Imports)
			case i.Module != nil && i.Module.Complete != (i.Module.Rewrite != nil && i.Module.Compile != nil):
				t.Errorf("complete: %t, yet %+v", i.Module.Complete, i.Module)
			}
		})
	}
}

// What is refused has the sizes of all its sections all the same.
func TestInspectSectionsOfRefused(t *testing.T) {
	t.Parallel()
	i := inspect(t, guesttest.NestedLoops(400, 400), "")
	var got []string
	for _, s := range i.Module.Sections {
		got = append(got, s.Name)
	}
	if want := []string{"type", "function", "memory", "export", "code"}; i.Module.Complete || !slices.Equal(got, want) {
		t.Errorf("complete %t, sections %q, want %q", i.Module.Complete, got, want)
	}
}

func TestInspectObeysManifest(t *testing.T) {
	t.Parallel()
	i := inspect(t, guesttest.Wasm(t, "hello"), "memory = '2MiB'\ntables = 7\nisolation = 'instance'\nmax_module = '1MiB'\n")
	want := host.InspectionLimits{Module: 1 << 20, Memory: 2 << 20, Tables: 7, CompileCost: i.Limits.CompileCost}
	if i.Manifest != "app.toml" || i.Isolation != "instance" || i.Limits != want {
		t.Errorf("%+v", i)
	}
}

func TestInspectCannotRead(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Apps.Cache = guesttest.CacheDir(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bad.wasm"), guesttest.Wasm(t, "hello"))
	write(t, filepath.Join(dir, "bad.toml"), []byte("timout = 1"))
	for file, want := range map[string]string{
		filepath.Join(dir, "none.wasm"): "none.wasm",
		dir:                             filepath.Base(dir),
		filepath.Join(dir, "bad.wasm"):  "timout: unknown key",
	} {
		if i, err := host.Inspect(t.Context(), host.Options{Config: cfg}, file); i != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v", file, i, err)
		}
	}
}
