package compile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Whatever happens to the folders while the program runs, modules load; the log says it once.
func TestTroubles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		trouble func(c *Compiler) error
		warning string // "" where all is made good
	}{
		"the store is gone": {func(c *Compiler) error { return os.RemoveAll(c.store.dir) },
			"a compiled module is not kept: the cache folder cannot be used"},
		"all of it is gone": {func(c *Compiler) error { return os.RemoveAll(filepath.Dir(c.store.dir)) },
			"a compiled module is not kept: the cache folder cannot be used"},
		"the staging folder is gone": {func(c *Compiler) error { return os.RemoveAll(c.staging.dir) }, ""},
		"the staging folder is a file": {func(c *Compiler) error {
			return errors.Join(os.RemoveAll(c.staging.dir), os.WriteFile(c.staging.dir, nil, 0o600))
		}, ""},
		"the staging folder is another": {func(c *Compiler) error {
			return errors.Join(os.Rename(c.staging.dir, c.staging.dir+"-moved"), os.Mkdir(c.staging.dir, 0o777))
		}, ""},
		"the inner folder is gone": {func(c *Compiler) error { return os.RemoveAll(c.staging.code) }, ""},
		"the inner folder is a file": {func(c *Compiler) error {
			return errors.Join(os.RemoveAll(c.staging.code), os.WriteFile(c.staging.code, nil, 0o600))
		}, ""},
		"files lie in wait": {func(c *Compiler) error {
			return os.WriteFile(filepath.Join(c.staging.code, "file"), nil, 0o600)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, log := newCompiler(t, Options{Dir: t.TempDir()})
			closeModule(t, load(t, c, page(t, 0)))
			if err := test.trouble(c); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				closeModule(t, load(t, c, page(t, 0))) // kept
				closeModule(t, load(t, c, page(t, 1))) // new
			}
			if test.warning == "" {
				quiet(t, log)
			} else {
				warnedOnce(t, log, test.warning)
			}
		})
	}
}

// A cache folder that cannot be made or read costs a warning at the start.
func TestUnusableDir(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c, log := newCompiler(t, Options{Dir: filepath.Join(file, "cache")})
	closeModule(t, load(t, c, page(t, 0)))
	warnedOnce(t, log, "compiled modules are not kept: the cache folder cannot be used")
}

// Without any folder a child only proves that a module compiles within bounds, and the code is made in process.
func TestNoFolderAtAll(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, file)
	}
	c, log := newCompiler(t, Options{})
	closeModule(t, load(t, c, page(t, 0)))
	warnedOnce(t, log, "compiled modules are not kept: no folder can be had to hand them over")
	if _, err := c.Load(t.Context(), functions(4000, 50_000), Bounds{Memory: 96 << 20}); kindOf(err) != KindMemory {
		t.Errorf("Load() = %v", err)
	}
}
