package config_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/config"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing")

// load reads a golden input: the files that start with "manifest" as manifests, the others as the configuration. What it
// returns in an error is the base name, since that is how the file is given.
func load(t *testing.T, file string) (any, error) {
	t.Helper()
	name := filepath.Base(file)
	if strings.HasPrefix(name, "manifest") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return config.LoadManifest(name, data, config.Default().Defaults)
	}
	return config.Load(config.Source{File: file})
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

func inputs(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	for _, ext := range []string{"toml", "yaml", "yml", "json", "ini"} {
		more, err := filepath.Glob(filepath.Join("testdata", folder, "*."+ext))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	if len(files) == 0 {
		t.Fatalf("no inputs in %s", folder)
	}
	return files
}

func TestGoldenValid(t *testing.T) {
	t.Parallel()
	for _, file := range inputs(t, "valid") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			got, err := load(t, file)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.MarshalIndent(got, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, file+".want", string(text)+"\n")
		})
	}
}

func TestGoldenInvalid(t *testing.T) {
	t.Parallel()
	for _, file := range inputs(t, "invalid") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			got, err := load(t, file)
			if err == nil {
				t.Fatalf("accepted as %+v", got)
			}
			text := strings.ReplaceAll(err.Error(), filepath.ToSlash(filepath.Dir(file))+"/", "")
			golden(t, file+".err", text+"\n")
		})
	}
}
