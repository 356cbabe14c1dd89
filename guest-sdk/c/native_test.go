package c_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/internal/toolchain"
)

// native runs a test program on this machine. What the language leaves undefined ends it.
func native(t *testing.T, language []string, source string) {
	t.Helper()
	run := slices.Concat(language[:1], strict, language[1:], []string{
		"-g", "-fsanitize=undefined", "-fno-sanitize=function,vptr", // these two need C++'s run-time types
		"-fsanitize-trap=all", "-I.", "-o", "{out}", source,
	})
	program := toolchain.Recipe{Command: run, Inputs: inputs([]string{source})}.Build(t)
	if messages, err := exec.CommandContext(t.Context(), program).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", source, err, messages)
	}
}

// The tests that an app's author runs, and those of the header.
func TestProgramsPass(t *testing.T) {
	t.Parallel()
	var programs []string
	for _, pattern := range []string{"examples/*/*_test.c*", "starter/*_test.c", "testdata/*_test.c"} {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, matches...)
	}
	if len(programs) < 5 {
		t.Fatalf("only %q found", programs)
	}
	for _, program := range programs {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			native(t, compiler(t, program), program)
		})
	}
}

// The header is C++ as well, and both its halves are.
func TestHeadersAreCPlusPlus(t *testing.T) {
	t.Parallel()
	native(t, []string{toolchain.Find(t, "clang"), "-x", "c++", "-std=c++11", "-Wno-missing-field-initializers"}, "testdata/header_test.c")
}
