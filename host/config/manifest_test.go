package config_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/config"
)

const good = `mount = "/hello"
hosts = ["example.com", "www.example.com"]
timeout = "10s"
write_timeout = "10s"
max_duration = "0s"
memory = "64MiB"
max_body = "1MiB"
queue_timeout = "1s"
isolation = "fresh"
env = ["A=1"]
enabled = true
cpu = "2s"
stack = "512KiB"
host_calls = 1000
max_response = "2MiB"
quarantine_after = 3
compile_memory = "256MiB"
[instances]
min = 1
max = 2
`

// Each mutation of a good manifest is refused, with the file and the key, and nothing but the mutation is complained of.
func TestMutations(t *testing.T) {
	t.Parallel()
	if _, err := config.LoadManifest("good.toml", []byte(good), config.Default().Defaults); err != nil {
		t.Fatal(err)
	}
	mutations := []struct{ old, new, key string }{
		{"mount", "Mount", "Mount"}, {"mount", "muont", "muont"}, {"hosts", "host", "host"}, {"\ntimeout", "\ntimeuot", "timeuot"},
		{"write_timeout", "write-timeout", "write-timeout"}, {"max_duration", "maxduration", "maxduration"},
		{"memory", "memmory", "memmory"}, {"max_body", "max_bdy", "max_bdy"}, {"queue_timeout", "queue", "queue"},
		{"isolation", "isolaton", "isolaton"}, {"env ", "envs ", "envs"}, {"enabled", "enable", "enable"},
		{"[instances]", "[instance]", "instance"}, {"min =", "mni =", "instances.mni"}, {"max =", "maxi =", "instances.maxi"},
		{`"/hello"`, `""`, "mount"}, {`"/hello"`, `"hello"`, "mount"}, {`"/hello"`, `"/hello/"`, "mount"}, {`"/hello"`, `"//"`, "mount"},
		{`"/hello"`, `"/a//b"`, "mount"}, {`"/hello"`, `"/a/../b"`, "mount"}, {`"/hello"`, `"/./a"`, "mount"}, {`"/hello"`, `"/a?b"`, "mount"},
		{`"/hello"`, `"/a#b"`, "mount"}, {`"/hello"`, `"/a\u0007"`, "mount"}, {`"/hello"`, `"/a%20b"`, "mount"}, {`"/hello"`, `7`, "mount"},
		{`"example.com"`, `"http://example.com"`, "hosts"}, {`"example.com"`, `"example.com:80"`, "hosts"}, {`"example.com"`, `"*.*.com"`, "hosts"},
		{`"example.com"`, `"-a.com"`, "hosts"}, {`"example.com"`, `"a..com"`, "hosts"}, {`"example.com"`, `"WWW.example.com"`, "hosts"},
		{`"example.com"`, `"exämple.com"`, "hosts"}, {`"example.com"`, `1`, "hosts"}, {`["example.com", "www.example.com"]`, `"example.com"`, "hosts"},
		{`e_timeout = "10s"`, `e_timeout = "10"`, "write_timeout"}, {`e_timeout = "10s"`, `e_timeout = "10 s"`, "write_timeout"},
		{`e_timeout = "10s"`, `e_timeout = "-10s"`, "write_timeout"}, {`e_timeout = "10s"`, `e_timeout = 0`, "write_timeout"},
		{`e_timeout = "10s"`, `e_timeout = -1`, "write_timeout"}, {`e_timeout = "10s"`, `e_timeout = 9223372036854775807`, "write_timeout"},
		{`e_timeout = "10s"`, `e_timeout = "9999999999h"`, "write_timeout"}, {`e_timeout = "10s"`, `e_timeout = nan`, "write_timeout"},
		{`e_timeout = "10s"`, `e_timeout = inf`, "write_timeout"}, {`e_timeout = "10s"`, `e_timeout = true`, "write_timeout"},
		{`"64MiB"`, `"64"`, "memory"}, {`"64MiB"`, `"64M"`, "memory"}, {`"64MiB"`, `"1.5GiB"`, "memory"}, {`"64MiB"`, `"64 MiB"`, "memory"},
		{`"64MiB"`, `"-1B"`, "memory"}, {`"64MiB"`, `-1`, "memory"}, {`"64MiB"`, `65535`, "memory"}, {`"64MiB"`, `"4097MiB"`, "memory"},
		{`"64MiB"`, `"99999999999TiB"`, "memory"}, {`"64MiB"`, `"MiB"`, "memory"}, {`"64MiB"`, `""`, "memory"}, {`"1MiB"`, `0`, "max_body"},
		{`"fresh"`, `"Fresh"`, "isolation"}, {`"fresh"`, `""`, "isolation"}, {`"fresh"`, `true`, "isolation"},
		{`"A=1"`, `"A"`, "env"}, {`"A=1"`, `"=1"`, "env"}, {`"A=1"`, `"A=\u0000"`, "env"}, {`"A=1"`, `"A=1", "A=2"`, "env"}, {`"A=1"`, `true`, "env"},
		{"enabled = true", `enabled = "true"`, "enabled"}, {"enabled = true", "enabled = 1", "enabled"},
		{"min = 1", "min = -1", "instances.min"}, {"min = 1", "min = 1.5", "instances.min"}, {"min = 1", `min = "1"`, "instances.min"},
		{"min = 1", "min = 3", "instances"}, {"max = 2", "max = 0", "instances.max"}, {"max = 2", "max = 10001", "instances.max"},
		{`"2s"`, `"2"`, "cpu"}, {`"2s"`, "-2", "cpu"}, {`"512KiB"`, `"63KiB"`, "stack"}, {`"512KiB"`, `"5MiB"`, "stack"}, {"cpu", "cpus", "cpus"},
		{"1000", "-1", "host_calls"}, {"1000", "1000000001", "host_calls"}, {"1000", "1000.5", "host_calls"}, {`"2MiB"`, `"-2MiB"`, "max_response"},
		{"after = 3", "after = -1", "quarantine_after"}, {"after = 3", `after = "3"`, "quarantine_after"}, {`"256MiB"`, `"1MiB"`, "compile_memory"},
		{"max = 2", "max = []", "instances.max"}, {"[instances]", "[[instances]]", "instances"}, {"max = 2", "max.x = 2", "instances.max"},
	}
	if len(mutations) < 50 {
		t.Fatalf("%d mutations", len(mutations))
	}
	for _, m := range mutations {
		text := strings.Replace(good, m.old, m.new, 1)
		if text == good {
			t.Errorf("%q is not in the good manifest", m.old)
		}
		app, err := config.LoadManifest("bad.toml", []byte(text), config.Default().Defaults)
		if err == nil {
			t.Errorf("%q for %q: accepted as %+v", m.new, m.old, app)
		} else if s := err.Error(); !strings.HasPrefix(s, "bad.toml: "+m.key+": ") || strings.Contains(s, "\n") {
			t.Errorf("%q for %q: got %s, want one problem with bad.toml: %s", m.new, m.old, s, m.key)
		}
		if !reflect.DeepEqual(app, config.App{}) {
			t.Errorf("%q for %q: an error and settings: %+v", m.new, m.old, app)
		}
	}
}

func TestManifestOverridesDefaults(t *testing.T) {
	t.Parallel()
	defaults := config.Default().Defaults
	defaults.Mount, defaults.Env, defaults.Hosts, defaults.Timeout = "/from-name", []string{"A=1", "B=2"}, []string{"a.test"}, time.Second
	before := slices.Clone(defaults.Env)
	app, err := config.LoadManifest("a.yaml", []byte("env: [C=3]\nhosts: []\n"), defaults)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(app.Env, []string{"C=3"}) || app.Hosts != nil || app.Timeout != time.Second || app.Mount != "/from-name" {
		t.Errorf("got %+v", app)
	}
	app, err = config.LoadManifest("a.yaml", nil, defaults)
	if err != nil || !reflect.DeepEqual(app, defaults) {
		t.Fatalf("an empty manifest: got %+v, %v", app, err)
	}
	app.Env[0] = "changed"
	if !slices.Equal(defaults.Env, before) {
		t.Error("the manifest's list is the defaults' own")
	}
}

// A range that the manifest and the defaults break together names both.
func TestManifestRangeAgainstDefaults(t *testing.T) {
	t.Parallel()
	defaults := config.Default().Defaults
	defaults.Instances.Min = 4
	_, err := config.LoadManifest("a.toml", []byte("instances.max = 2"), defaults)
	wantError(t, err, "", "a.toml: instances: min is 4 (the default) and max is 2 (a.toml); min must not be more than max")
}

func TestHostileFiles(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	for name, text := range map[string]string{
		"deep.toml":   "env = " + strings.Repeat("[", 250_000),
		"deep.yaml":   "env: " + strings.Repeat("[", 250_000),
		"deep.json":   `{"env":` + strings.Repeat("[", 250_000),
		"bomb.yaml":   bomb,
		"tables.toml": strings.Repeat("[a.b.c.d]\n", 10_000),
		"long.toml":   strings.Repeat("x", 200_000) + " = 1",
		"value.toml":  `isolation = "` + strings.Repeat("x", 200_000) + `"`,
		"nul.yaml":    "timeout: \x00",
		"keys.json":   `{"a\nb": 1, "": 2, ".": 3, "instances": {"": 1, "a.b": 2}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.LoadManifest(name, []byte(text), config.Default().Defaults)
			if err == nil {
				t.Fatal("accepted")
			}
			if s := err.Error(); len(s) > 2000 || !strings.HasPrefix(s, name) {
				t.Errorf("error of %d bytes: %.200s", len(s), s)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	manifest := config.ManifestKeys()
	for _, k := range slices.Concat(config.Keys(), manifest) {
		if k.Name == "" || k.Type == "" || k.Doc == "" || strings.ContainsAny(k.Doc, "\n|") {
			t.Errorf("%+v is incomplete", k)
		}
	}
	if got := manifest[0]; got != (config.Key{Name: "mount", Type: "path", Doc: got.Doc}) {
		t.Errorf("mount: %+v", got)
	}
	defaults := map[string]string{}
	for _, k := range config.Keys() {
		defaults[k.Name] = k.Default
		if rest, ok := strings.CutPrefix(k.Name, "defaults."); ok && !slices.ContainsFunc(manifest, func(m config.Key) bool { return m.Name == rest }) {
			t.Errorf("%s is no key of a manifest", k.Name)
		}
	}
	for name, want := range map[string]string{
		"server.listen": `"127.0.0.1:8080"`, "server.idle_timeout": `"2m"`, "apps.settle": `"100ms"`, "defaults.max_duration": `"0s"`,
		"defaults.memory": `"128MiB"`, "server.max_header_bytes": `"64KiB"`, "defaults.instances.max": "64", "defaults.env": "[]", "log.format": `""`, "apps.watch": "true",
	} {
		if defaults[name] != want {
			t.Errorf("%s: default %s, want %s", name, defaults[name], want)
		}
	}
}

// What Keys shows as a default is what a file would say to get it.
func TestKeysDefaultsLoad(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for _, k := range config.Keys() {
		fmt.Fprintf(&text, "%s = %s\n", k.Name, k.Default)
	}
	got, err := config.Load(config.Source{Dir: write(t, map[string]string{"wasgi.toml": text.String()})})
	if err != nil {
		t.Fatal(err)
	}
	if want := config.Default(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.Server.Listen, c.Log.Level, c.Defaults.Mount, c.Defaults.Memory, c.Defaults.Hosts = "x", "", "/a", 70_000, []string{"A"}
	wantError(t, c.Validate(), "", `defaults.hosts: must be given as ["a"]`+"\n"+
		`defaults.memory: must be given as "64KiB"`+"\n"+
		"defaults.mount: a mount belongs to one app; write it in that app's manifest\n"+
		`log.level: "" is not debug, info, warn or error`+"\n"+
		`server.listen: "x" is not host:port; write one like "127.0.0.1:8080", or ":8080" for all interfaces`)
	a := config.Default().Defaults
	a.Instances = config.Instances{Min: 3, Max: 2}
	wantError(t, a.Validate(), "", "instances: min is 3 and max is 2; min must not be more than max")
	a.Mount = "x"
	wantError(t, a.Validate(), "", `mount: "x" does not start with "/"`)
}

func TestListen(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "", ":0": "", "[::]:65535": "", "[fe80::1%eth0]:1": "", "localhost:80": "", "Host.example:80": "",
		"8080":         `"8080" is not host:port; write one like "127.0.0.1:8080", or ":8080" for all interfaces`,
		"::1:80":       `"::1:80" is not host:port; write one like "127.0.0.1:8080", or ":8080" for all interfaces`,
		"a:http":       `"a:http": port "http" is not a number from 0 to 65535`,
		"a:65536":      `"a:65536": port "65536" is not a number from 0 to 65535`,
		"a:":           `"a:": port "" is not a number from 0 to 65535`,
		"a:+1":         `"a:+1": port "+1" is not a number from 0 to 65535`,
		"a:080":        `"a:080": write the port as 80`,
		"http://a:80":  `"http://a:80" is not host:port; write one like "127.0.0.1:8080", or ":8080" for all interfaces`,
		"a b:80":       `"a b:80": host "a b" is not a host name: parts between dots are 1 to 63 letters, digits and inner hyphens (other alphabets as xn--)`,
		"unix:/x.sock": `"unix:/x.sock": port "/x.sock" is not a number from 0 to 65535`,
	} {
		_, err := config.Load(config.Source{Dir: t.TempDir(), Flags: map[string]string{"server.listen": listen}})
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", listen, err)
			}
			continue
		}
		wantError(t, err, "", "flags: server.listen: "+want)
	}
}

// FuzzLoadManifest holds the loader to its promise without its own tables: no panic, settings or an error, and settings
// that are possible.
func FuzzLoadManifest(f *testing.F) {
	for _, ext := range []string{"toml", "yaml", "json"} {
		f.Add(ext, []byte(good))
		f.Add(ext, []byte("mount: /a\nhosts: [A.b]\ntimeout: 5\ninstances: {min: 0, max: 3}\n<<: {memory: 70000}"))
		f.Add(ext, []byte(`{"timeout": "1h", "env": ["A=1"], "instances": {"max": 1e2}, "x": null}`))
		f.Add(ext, []byte("\xef\xbb\xbf"))
		f.Add(ext, []byte("---\n...\n"))
	}
	f.Fuzz(func(t *testing.T, ext string, data []byte) {
		name := "fuzz." + ext
		defaults := config.Default().Defaults
		a, err := config.LoadManifest(name, data, defaults)
		if err != nil {
			if !reflect.DeepEqual(a, config.App{}) || !strings.HasPrefix(err.Error(), name) {
				t.Fatalf("settings %+v beside error %q", a, err)
			}
			return
		}
		if err := a.Validate(); err != nil {
			t.Fatalf("accepted and not valid: %v", err)
		}
		possible := a.Timeout > 0 && a.WriteTimeout > 0 && a.MaxDuration >= 0 && a.QueueTimeout >= 0 && a.MaxBody > 0 &&
			a.Memory >= 65536 && a.Memory <= 4<<30 && a.Memory%65536 == 0 &&
			a.Instances.Min >= 0 && a.Instances.Max > 0 && a.Instances.Min <= a.Instances.Max &&
			(a.Mount == "" || a.Mount[0] == '/') && !strings.ContainsAny(a.Mount, "?#%\x00\n")
		for _, h := range a.Hosts {
			_, err := netip.ParseAddrPort(h)
			possible = possible && err != nil && h == strings.ToLower(h) && !strings.ContainsAny(h, ":*/ ")
		}
		for _, e := range a.Env {
			possible = possible && strings.Index(e, "=") > 0 && !strings.Contains(e, "\x00")
		}
		if !possible {
			t.Fatalf("accepted: %+v", a)
		}
	})
}
