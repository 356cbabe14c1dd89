package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An app that needs no C library is built without one, and imports nothing but the host.
func TestCompileCWithoutALibrary(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{clang(), "wasm-ld"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	application := "wasgi_bytes wasgi_application(wasgi_bytes env) { return wasgi_respond(\"200 OK\", 0, env); }\n"
	dir := tree(t, map[string]string{"a/-app.c": appInC + application, "b/app.c": "#include <stdio.h>\n" + appInC + application})
	output := filepath.Join(dir, "a.wasm")
	if err := compileCWith(t.Context(), "", filepath.Join(dir, "a"), output); err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(output)
	if err != nil || !strings.Contains(string(module), "wasgi_v1") || strings.Contains(string(module), "wasi_snapshot_preview1") {
		t.Errorf("%v, %q", err, module)
	}
	if err := compileCWith(t.Context(), "", filepath.Join(dir, "b"), output); err == nil || !strings.Contains(err.Error(), "'stdio.h' file not found") {
		t.Errorf("%v", err)
	}
}

func TestTargetFlags(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind             cKind
		sysroot, has, no string
	}{
		{cApp, "", "-nostdlib", "-mexec-model=reactor"},
		{cApp, "/opt/wasi", "-mexec-model=reactor", "-nostdlib"},
		{cApp, "/opt/wasi", "--sysroot=/opt/wasi", "-ffreestanding"},
		{cProgram, "/opt/wasi", "--target=wasm32-wasi", "-mexec-model=reactor"},
	} {
		flags := strings.Join(targetFlags(c.kind, c.sysroot), " ")
		if !strings.Contains(flags, c.has) || strings.Contains(flags, c.no) {
			t.Errorf("%d, %q: %s", c.kind, c.sysroot, flags)
		}
	}
}
