package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/config"
)

// The README's tables of keys are those of package config.
func TestReadmeTables(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string][]config.Key{"manifest": config.ManifestKeys(), "config": serverKeys()} {
		_, rest, ok := strings.Cut(string(data), "<!-- "+name+" -->\n")
		got, _, closed := strings.Cut(rest, "<!-- /"+name+" -->")
		if !ok || !closed {
			t.Fatalf("README.md has no table %q", name)
		}
		if want := keyTable(keys); got != want {
			t.Errorf("README.md: the table %q should be\n%s", name, want)
		}
	}
}

// serverKeys are the configuration's own keys, with one line for those that manifests have too.
func serverKeys() []config.Key {
	var keys []config.Key
	for _, key := range config.Keys() {
		if !strings.HasPrefix(key.Name, "defaults.") {
			keys = append(keys, key)
		}
	}
	return append(keys, config.Key{Name: "defaults.*", Doc: "any key of a manifest but `mount`, for all apps"})
}

func keyTable(keys []config.Key) string {
	var b strings.Builder
	b.WriteString("| key | value | default | meaning |\n|---|---|---|---|\n")
	for _, key := range keys {
		value := ""
		if key.Default != "" {
			value = "`" + key.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", key.Name, key.Type, value, key.Doc)
	}
	return b.String()
}
