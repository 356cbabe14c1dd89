package config_test

import (
	"slices"
	"testing"

	"github.com/wasgi/wasgi/host/config"
)

func TestReadWAGI(t *testing.T) {
	t.Parallel()
	modules, err := config.ReadWAGI("modules.toml", []byte("[[modules]]\nroute = '/a'\nmodule = 'a.wasm'\nargv = 'x'\n"+
		"[[module]]\nroute = '/'\nmodule = 'b.wasm'\nhost = 'example.com'\n[module.environment]\nB = '2'\nA = '1'\n"))
	if err != nil || len(modules) != 2 {
		t.Fatalf("%v %v", modules, err)
	}
	b, a := modules[0], modules[1]
	if a.Route != "/a" || a.Module != "a.wasm" || !slices.Equal(a.Lost, []string{"argv"}) {
		t.Errorf("%+v", a)
	}
	if !slices.Equal(b.Hosts, []string{"example.com"}) || !slices.Equal(b.Env, []string{"A=1", "B=2"}) {
		t.Errorf("%+v", b)
	}
	if manifest, err := a.Manifest(""); err != nil || manifest != nil {
		t.Errorf("%s %v", manifest, err)
	}
	if manifest, err := b.Manifest("/b"); err != nil || string(manifest) != "mount = '/b'\nhosts = ['example.com']\nenv = ['A=1', 'B=2']\n" {
		t.Errorf("%s %v", manifest, err)
	}
}

// FuzzReadWAGI looks for panics, and for manifests that do not say what they were made of.
func FuzzReadWAGI(f *testing.F) {
	f.Add([]byte("[[module]]\nroute = '/a/...'\nmodule = 'a.wasm'\nhost = 'a.b'\nenvironment = {A = 'b'}\nvolumes = {x = 'y'}\n"))
	f.Add([]byte("module = [1, [], {}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		modules, err := config.ReadWAGI("modules.toml", data)
		if err != nil {
			return
		}
		for _, m := range modules {
			manifest, err := m.Manifest("/mount")
			if err != nil {
				continue
			}
			app, err := config.LoadManifest("app.toml", manifest, config.Default().Defaults)
			if err != nil || app.Mount != "/mount" || !slices.Equal(app.Hosts, m.Hosts) || !slices.Equal(app.Env, m.Env) {
				t.Fatalf("%+v became %q: %+v %v", m, manifest, app, err)
			}
		}
	})
}
