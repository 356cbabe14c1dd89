// Package assemblyscript_test builds the SDK's samples and starter with the compiler of npm, and plays them in Node, and against the
// conformance kit.
package assemblyscript_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/wasgi/wasgi/abi/abitest"
	"github.com/wasgi/wasgi/guest-sdk/internal/toolchain"
)

// apps are what is built of this folder, with the tests in Node of each.
var apps = []struct{ dir, tests string }{
	{"examples/hello", "examples/hello/hello.test.mjs"},
	{"examples/notes", "examples/notes/notes.test.mjs"},
	{"testdata/behaviour", "sdk.test.mjs"},
}

func TestInNode(t *testing.T) {
	t.Parallel()
	for _, app := range apps {
		t.Run(app.dir, func(t *testing.T) {
			t.Parallel()
			module := toolchain.AssemblyScript(t, ".", app.dir)
			run(t, ".", []string{"WASGI_TEST_MODULE=" + module}, toolchain.Find(t, "node"), "--test", app.tests)
		})
	}
}

// TestContract holds every app to the ABI.
func TestContract(t *testing.T) {
	t.Parallel()
	for _, app := range apps {
		t.Run(app.dir, func(t *testing.T) {
			t.Parallel()
			module, err := os.ReadFile(toolchain.AssemblyScript(t, ".", app.dir))
			if err != nil {
				t.Fatal(err)
			}
			abitest.RunGuest(t, module, abitest.GuestOptions{})
		})
	}
}

// TestStarter builds the starter where `npm install` would have put the SDK, and runs its tests.
func TestStarter(t *testing.T) {
	t.Parallel()
	node, asc := toolchain.Find(t, "node"), toolchain.AssemblyScriptCompiler(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("starter")); err != nil {
		t.Fatal(err)
	}
	sdk := filepath.Join(dir, "node_modules", "@wasgi", "assemblyscript")
	if err := os.CopyFS(filepath.Join(sdk, "assembly"), os.DirFS("assembly")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"package.json", "producers.mjs", "testing.mjs"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(sdk, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, nil, node, asc, "assembly/index.ts", "--outFile", "app.wasm")
	run(t, dir, nil, node, "--test", "app.test.mjs")
	module, err := os.ReadFile(filepath.Join(dir, "app.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	abitest.RunGuest(t, module, abitest.GuestOptions{})
}

func run(t *testing.T, dir string, env []string, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if messages, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", cmd, err, messages)
	}
}
