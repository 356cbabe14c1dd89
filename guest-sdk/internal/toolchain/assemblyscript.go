package toolchain

import (
	"os"
	"path/filepath"
	"testing"
)

// nodeModules names the folder of npm packages that tests use.
const nodeModules = "WASGI_TEST_NODE_MODULES"

// AssemblyScript builds the app in a folder of the SDK for AssemblyScript, "examples/hello" for example, and returns the module's path.
func AssemblyScript(t testing.TB, sdk, app string) string {
	t.Helper()
	return Recipe{
		Dir: sdk,
		Command: []string{Find(t, "node"), AssemblyScriptCompiler(t), filepath.Join(app, "assembly", "index.ts"), "--config", "asconfig.json",
			"--outFile", "{out}"},
		Inputs: []string{"assembly", "asconfig.json", "producers.mjs", filepath.Join(app, "assembly")},
	}.Build(t)
}

// AssemblyScriptCompiler is the program asc, to be run by node.
func AssemblyScriptCompiler(t testing.TB) string {
	t.Helper()
	asc := filepath.Join(os.Getenv(nodeModules), "assemblyscript", "bin", "asc.js")
	if _, err := os.Stat(asc); os.Getenv(nodeModules) == "" || err != nil {
		t.Skipf("asc (npm package assemblyscript, in %s) is not installed", nodeModules)
	}
	return asc
}
