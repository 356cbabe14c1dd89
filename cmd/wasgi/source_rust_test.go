package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	cargoApp     = "[package]\nname = \"app\"\n\n[lib]\ncrate-type = [\"rlib\", \"cdylib\"]\n"
	cargoLibrary = "[package]\nname = \"lib\"\n# crate-type = [\"cdylib\"]\n"
	workspace    = "[workspace]\nmembers = [\"one\"]\n"
)

func TestFindRustSources(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"apps":        {map[string]string{"a/Cargo.toml": cargoApp, "a/b/main.go": app, "b/main.go": app}, []string{"a", "b"}},
		"itself":      {map[string]string{"Cargo.toml": cargoApp}, []string{"."}},
		"a library":   {map[string]string{"lib/Cargo.toml": cargoLibrary, "lib/example/Cargo.toml": cargoApp}, nil},
		"a workspace": {map[string]string{"all/Cargo.toml": workspace, "all/one/Cargo.toml": cargoApp}, []string{"all/one"}},
		"quotes":      {map[string]string{"a/Cargo.toml": "[package]\n[lib]\n  crate-type=[\n'cdylib']"}, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, c.files)
			sources, err := findSources(dir)
			if got := below(t, dir, sources); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestRustLibrariesAreShared(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		"a/Cargo.toml": cargoApp, "b/Cargo.toml": cargoApp, "lib/Cargo.toml": cargoLibrary, "lib/src/lib.rs": "", "lib/page.html": "",
	})
	sources, err := findSources(dir)
	if err != nil {
		t.Fatal(err)
	}
	for changed, want := range map[string][]string{
		"a/src/lib.rs": {"a"}, "lib/src/lib.rs": {"a", "b"}, "lib/page.html": {"a", "b"}, "Cargo.lock": {"a", "b"}, "README.md": nil,
	} {
		if got := below(t, dir, affected(dir, sources, []string{changed})); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", changed, got, want)
		}
	}
}

func TestBuiltByCargo(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"a/Cargo.toml": cargoApp, "b/target/main.go": app})
	for rel, want := range map[string]bool{
		"a/target": true, "a/target/release/app.d": true, "a/src/lib.rs": false, "b/target": false, "b/target/main.go": false, "target": false, ".": false,
	} {
		if got := builtByCargo(dir, rel); got != want {
			t.Errorf("%s: %t", rel, got)
		}
	}
}

func TestBuiltModule(t *testing.T) {
	t.Parallel()
	messages := `{"reason":"compiler-artifact","filenames":["/x/libwasgi.rlib","/x/old.wasm"]}
printed by a build script
{"reason":"compiler-artifact","filenames":["/x/app.wasm"]}
{"reason":"build-finished","success":true}
`
	if got, err := builtModule([]byte(messages)); got != "/x/app.wasm" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	const want = "cargo build: no module came out; is the library's crate-type cdylib?"
	if _, err := builtModule([]byte(`{"reason":"build-finished"}`)); err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

func TestLocatedRust(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"src/lib.rs": ""})
	messages := "error: no\n  --> src/lib.rs:3:5\n   |\n  --> ../other/lib.rs:1:1\n"
	want := "  error: no\n    --> " + filepath.Join(dir, "src", "lib.rs") + ":3:5\n     |\n    --> ../other/lib.rs:1:1"
	if got := locatedRust(dir, messages); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// cargo puts a cargo into PATH whose compiler has a target for wasm. That of the distribution may lie hidden behind another one.
func cargo(t *testing.T) {
	t.Helper()
	for _, folder := range []string{"", "/usr/bin"} {
		t.Setenv("PATH", strings.TrimPrefix(folder+string(os.PathListSeparator)+os.Getenv("PATH"), string(os.PathListSeparator)))
		if _, err := exec.LookPath(filepath.Join(folder, "cargo")); err != nil {
			continue
		}
		if _, err := rustTarget(t.Context(), "."); err == nil {
			return
		}
	}
	t.Skip("cargo with a target for wasm is not installed")
}

// TestBuildRust builds the starter of the Rust SDK, as it is and broken.
func TestBuildRust(t *testing.T) {
	cargo(t)
	sdk, err := filepath.Abs(filepath.Join("..", "..", "guest-sdk", "rust"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "greet")
	if err := os.CopyFS(source, os.DirFS(filepath.Join(sdk, "starter"))); err != nil {
		t.Fatal(err)
	}
	replaceIn(t, filepath.Join(source, "Cargo.toml"), `path = ".."`, "path = '"+sdk+"'")
	t.Setenv("CARGO_TARGET_DIR", filepath.Join(dir, "target"))
	t.Setenv("CARGO_NET_OFFLINE", "true")
	for _, want := range []string{"built greet.wasm in ", "greet.wasm is up to date\n"} {
		if out, errs, err := buildIn(t, dir); err != nil || !strings.HasPrefix(out, want) {
			t.Fatalf("%s%s%v; want %q", out, errs, err, want)
		}
	}
	module, err := os.ReadFile(filepath.Join(dir, "greet.wasm"))
	if err != nil || !bytes.Contains(module, []byte("wasgi_v1")) {
		t.Errorf("%d bytes, %v", len(module), err)
	}
	replaceIn(t, filepath.Join(source, "src", "lib.rs"), "env.path_info()", "env.path()")
	_, errs, err := buildIn(t, dir)
	if err == nil || err.Error() != "could not build greet" || !strings.Contains(errs, "--> "+filepath.Join(source, "src", "lib.rs")+":") {
		t.Errorf("%s%v", errs, err)
	}
}

func buildIn(t *testing.T, dir string) (out, errs string, err error) {
	t.Helper()
	sources, err := findSources(dir)
	if err != nil {
		t.Fatal(err)
	}
	var told, failed bytes.Buffer
	err = builder{out: &told, errs: &failed}.buildAll(t.Context(), sources, "")
	return told.String(), failed.String(), err
}

func replaceIn(t *testing.T, path, from, to string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(from)) {
		t.Fatalf("%s holds no %q", path, from)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(text, []byte(from), []byte(to)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestNoCargo(t *testing.T) {
	dir := tree(t, map[string]string{"a/Cargo.toml": cargoApp})
	t.Setenv("PATH", t.TempDir())
	_, _, err := buildIn(t, dir)
	const want = "cargo is needed to build apps in Rust, and there is none in PATH; install it from https://rustup.rs"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}
