package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"

	"testing"
	"time"

	"github.com/wasgi/wasgi/host/config"
)

// write makes a folder that holds the files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// wantError asserts a whole error text, in which DIR stands for the folder.
func wantError(t *testing.T, err error, dir, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want %s", want)
	}
	got := filepath.ToSlash(err.Error())
	if dir != "" {
		got = strings.ReplaceAll(got, filepath.ToSlash(dir), "DIR")
	}
	if got != want {
		t.Errorf("error:\n got %s\nwant %s", got, want)
	}
}

func TestDefaultIsValidAndLoadedFromNothing(t *testing.T) {
	t.Parallel()
	want := config.Default()
	if err := want.Validate(); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(config.Source{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Each layer is set or not, and the highest of those that are set holds.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	const file, environ, flag = 1, 2, 4
	for layers := range 8 {
		s := config.Source{Dir: t.TempDir()}
		want := 64
		if layers&file != 0 {
			s.Dir, want = write(t, map[string]string{"wasgi.toml": "[defaults.instances]\nmax = 11\n[server]\nlisten = \"file:1\""}), 11
		}
		if layers&environ != 0 {
			s.Environ, want = []string{"PATH=/bin", "WASGI_DEFAULTS_INSTANCES_MAX=12"}, 12
		}
		if layers&flag != 0 {
			s.Flags, want = map[string]string{"defaults.instances.max": "13"}, 13
		}
		c, err := config.Load(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Defaults.Instances.Max; got != want {
			t.Errorf("layers %03b: max = %d, want %d", layers, got, want)
		}
		if got := c.Defaults.Instances.Min; got != 1 {
			t.Errorf("layers %03b: min = %d, want the default beside the key that is set", layers, got)
		}
		if fromFile := c.Server.Listen == "file:1"; fromFile != (layers&file != 0) {
			t.Errorf("layers %03b: listen = %q", layers, c.Server.Listen)
		}
	}
}

func TestEveryKeyFromEnvironmentAndFlag(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		"server.listen": ":99", "server.read_header_timeout": "7", "server.idle_timeout": "7s", "server.max_header_bytes": "4096",
		"server.memory": "7GiB", "server.shutdown_timeout": "0", "apps.max": "7", "apps.dir": "x", "apps.watch": "false", "apps.settle": "7ms", "apps.cache": "y", "apps.memory": "7MiB",
		"log.level": "warn", "log.format": "text", "log.access": "true", "defaults.hosts": "A.test,b.test", "defaults.timeout": "7s",
		"defaults.write_timeout": "7s", "defaults.max_duration": "7s", "defaults.memory": "1mib", "defaults.max_body": "7",
		"defaults.cpu": "7s", "defaults.host_calls": "7", "defaults.stack": "128KiB", "defaults.tables": "7", "defaults.max_environ": "7kib",
		"defaults.max_response": "7", "defaults.queue_length": "7", "defaults.quarantine_after": "7", "defaults.max_module": "7MiB",
		"defaults.compile_timeout": "7s", "defaults.compile_memory": "7GB", "defaults.log_lines": "7",
		"defaults.instances.min": "7", "defaults.instances.max": "8", "defaults.instances.max_requests": "7",
		"defaults.instances.max_lifetime": "7s", "defaults.instances.idle_timeout": "7s", "defaults.queue_timeout": "7s",
		"server.trusted_proxies": "10.0.0.0/8,unix", "server.forwarded": "forwarded", "defaults.cache_control": "no-store", "defaults.compress": "true",
		"defaults.websocket.max_connections": "7", "defaults.websocket.max_message": "7", "defaults.websocket.queue": "7KiB",
		"defaults.websocket.memory": "7MiB", "defaults.websocket.max_topics": "7", "defaults.websocket.ping_interval": "7",
		"defaults.websocket.origins": "A.test,*.b.test",
		"defaults.isolation":         "fresh", "defaults.env": "A=1,B=2", "defaults.enabled": "false",
		"server.h2c": "true", "server.max_connections": "7", "server.max_connections_per_client": "6", "server.shutdown_delay": "7s",
		"tls.listen": ":98", "tls.cert": "c", "tls.key": "k", "tls.domains": "A.test,b.test", "tls.email": "a@b", "tls.ca": "https://ca.test/",
		"tls.ca_root": "r", "tls.storage": "s", "tls.redirect": "false", "defaults.min_rate": "7", "defaults.middleware": "a,b/c", "defaults.config": "{}", "defaults.apps": "a,b/c",
	}
	want := config.Config{
		Server: config.Server{
			Listen: ":99", H2C: true, MaxConnections: 7, MaxConnectionsPerClient: 6, ShutdownDelay: 7 * time.Second,
			ReadHeaderTimeout: 7 * time.Second, IdleTimeout: 7 * time.Second, MaxHeaderBytes: 4096, Memory: 7 << 30,
			TrustedProxies: []string{"10.0.0.0/8", "unix"}, Forwarded: "forwarded",
		},
		TLS: config.TLS{
			Listen: ":98", Cert: "c", Key: "k", Domains: []string{"a.test", "b.test"}, Email: "a@b", CA: "https://ca.test/", CARoot: "r", Storage: "s",
		},
		Apps: config.Apps{Dir: "x", Settle: 7 * time.Millisecond, Max: 7, Memory: 7 << 20, Cache: "y"},
		Log:  config.Log{Level: "warn", Format: "text", Access: true},
		Defaults: config.App{
			Hosts: []string{"a.test", "b.test"}, Middleware: []string{"a", "b/c"}, Config: "{}", Apps: []string{"a", "b/c"}, CacheControl: "no-store", Compress: true, Timeout: 7 * time.Second, WriteTimeout: 7 * time.Second, MaxDuration: 7 * time.Second,
			CPU: 7 * time.Second, HostCalls: 7, Memory: 1 << 20, Stack: 128 << 10, Tables: 7, MaxEnviron: 7 << 10, MaxBody: 7, MaxResponse: 7, MinRate: 7,
			Instances:    config.Instances{Min: 7, Max: 8, MaxRequests: 7, MaxLifetime: 7 * time.Second, IdleTimeout: 7 * time.Second},
			QueueTimeout: 7 * time.Second, QueueLength: 7, QuarantineAfter: 7,
			MaxModule: 7 << 20, CompileTimeout: 7 * time.Second, CompileMemory: 7e9, LogLines: 7,
			WebSocket: config.WebSocket{
				MaxConnections: 7, MaxMessage: 7, Queue: 7 << 10, Memory: 7 << 20, MaxTopics: 7, PingInterval: 7 * time.Second,
				Origins: []string{"a.test", "*.b.test"},
			},
			Isolation: "fresh", Env: []string{"A=1", "B=2"},
		},
	}
	var environ []string
	for _, k := range config.Keys() {
		if _, ok := texts[k.Name]; !ok {
			t.Errorf("no text for %s", k.Name)
		}
		environ = append(environ, k.Env+"="+texts[k.Name])
	}
	for name, s := range map[string]config.Source{"environment": {Environ: environ}, "flags": {Flags: texts}} {
		s.Dir = t.TempDir()
		got, err := config.Load(s)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		environ []string
		listen  string
		err     string
	}{
		"short":         {environ: []string{"WASGI_LISTEN=:1"}, listen: ":1"},
		"both the same": {environ: []string{"WASGI_LISTEN=:1", "WASGI_SERVER_LISTEN=:1"}, listen: ":1"},
		"both differ": {environ: []string{"WASGI_LISTEN=:1", "WASGI_SERVER_LISTEN=:2"},
			err: "WASGI_LISTEN: differs from WASGI_SERVER_LISTEN, which means the same; set one of them"},
		"short is wrong":  {environ: []string{"WASGI_LISTEN=1"}, err: `WASGI_LISTEN: "1" is not host:port; write one like "127.0.0.1:8080", or ":8080" for all interfaces`},
		"empty is unset":  {environ: []string{"WASGI_SERVER_LISTEN=", "WASGI_LISTEN="}, listen: "127.0.0.1:8080"},
		"the last holds":  {environ: []string{"WASGI_LISTEN=:1", "WASGI_LISTEN=:2"}, listen: ":2"},
		"another's":       {environ: []string{"WASGI_PORT=tcp://10.0.0.1:80", "WASGI_SERVICE_HOST=10.0.0.1", "WASGI_FOO=1", "wasgi_server_listen=x", "=C:=x", "odd"}, listen: "127.0.0.1:8080"},
		"service link":    {environ: []string{"WASGI_SERVER_PORT=tcp://10.0.0.1:80", "WASGI_SERVER_PORT_80_TCP_ADDR=x", "WASGI_SERVER_SERVICE_PORT_HTTP=80", "WASGI_APPS_SERVICE_HOST=x"}, listen: "127.0.0.1:8080"},
		"unknown server":  {environ: []string{"WASGI_SERVER_LISEN=:1"}, err: "WASGI_SERVER_LISEN: unknown variable; did you mean WASGI_SERVER_LISTEN?"},
		"unknown port":    {environ: []string{"WASGI_SERVER_PORT=80"}, err: "WASGI_SERVER_PORT: unknown variable"},
		"unknown, empty":  {environ: []string{"WASGI_APPS_FOO="}, err: "WASGI_APPS_FOO: unknown variable"},
		"unknown log":     {environ: []string{"WASGI_LOG_LEVL=x"}, err: "WASGI_LOG_LEVL: unknown variable; did you mean WASGI_LOG_LEVEL?"},
		"unknown default": {environ: []string{"WASGI_DEFAULTS_MEMROY=1"}, err: "WASGI_DEFAULTS_MEMROY: unknown variable; did you mean WASGI_DEFAULTS_MEMORY?"},
		"mount":           {environ: []string{"WASGI_DEFAULTS_MOUNT=/x"}, err: "WASGI_DEFAULTS_MOUNT: a mount belongs to one app; write it in that app's manifest"},
		"range": {environ: []string{"WASGI_DEFAULTS_INSTANCES_MIN=70"},
			err: "defaults.instances: min is 70 (WASGI_DEFAULTS_INSTANCES_MIN) and max is 64 (the default); min must not be more than max"},
		"all": {environ: []string{"WASGI_APPS_WATCH=on", "WASGI_DEFAULTS_ENV=A=1,,B=2", "WASGI_DEFAULTS_INSTANCES_MAX=1e3", "WASGI_DEFAULTS_TIMEOUT=99999999999999999999"},
			err: `WASGI_APPS_WATCH: "on" is not a boolean; write true or false` + "\n" +
				`WASGI_DEFAULTS_ENV: entry 2 has no "="; write "NAME=value"` + "\n" +
				`WASGI_DEFAULTS_INSTANCES_MAX: "1e3" is not a whole number from 1 to 10000` + "\n" +
				`WASGI_DEFAULTS_TIMEOUT: "99999999999999999999" is not a duration; write one like "10s", "500ms" or "1h30m", at most "8760h"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := config.Load(config.Source{Dir: t.TempDir(), Environ: test.environ})
			if test.err != "" {
				wantError(t, err, "", test.err)
			} else if err != nil || c.Server.Listen != test.listen {
				t.Errorf("listen = %q, error %v; want %q", c.Server.Listen, err, test.listen)
			}
		})
	}
}

// The process's own environment is never read.
func TestProcessEnvironmentIsIgnored(t *testing.T) {
	t.Setenv("WASGI_SERVER_LISTEN", ":1")
	t.Setenv("SERVER_LISTEN", ":2")
	c, err := config.Load(config.Source{Dir: t.TempDir()})
	if err != nil || c.Server.Listen != "127.0.0.1:8080" {
		t.Errorf("listen = %q, error %v", c.Server.Listen, err)
	}
}

func TestFlagErrors(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Source{Dir: t.TempDir(), Flags: map[string]string{
		"server.lisen": ":1", "log.level": "", "defaults.mount": "/x", "apps.settle": "0",
	}})
	wantError(t, err, "", "flags: apps.settle: 0s is not from 1ms to 1m\n"+
		"flags: defaults.mount: unknown key\n"+
		`flags: log.level: "" is not debug, info, warn or error`+"\n"+
		"flags: server.lisen: unknown key; did you mean server.listen?")
}

func TestAllLayersReportAtOnce(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"wasgi.toml": "a = \n"})
	_, err := config.Load(config.Source{Dir: dir, Environ: []string{"WASGI_LOG_LEVEL=x"}, Flags: map[string]string{"log.access": "1"}})
	wantError(t, err, dir, "DIR/wasgi.toml:1: incomplete number\n"+
		`WASGI_LOG_LEVEL: "x" is not debug, info, warn or error`+"\n"+
		`flags: log.access: "1" is not a boolean; write true or false`)
}

func TestWhichFile(t *testing.T) {
	t.Parallel()
	level := func(s string) string { return "[log]\nlevel = \"" + s + "\"\n" }
	dir := write(t, map[string]string{"wasgi.toml": level("debug"), "a.toml": level("warn"), "b.toml": level("error")})
	a, b := filepath.Join(dir, "a.toml"), filepath.Join(dir, "b.toml")
	for name, test := range map[string]struct {
		source config.Source
		want   string
	}{
		"found":       {config.Source{Dir: dir}, "debug"},
		"environment": {config.Source{Dir: dir, Environ: []string{"WASGI_CONFIG=" + a}}, "warn"},
		"given":       {config.Source{Dir: dir, Environ: []string{"WASGI_CONFIG=" + a}, File: b}, "error"},
	} {
		if c, err := config.Load(test.source); err != nil || c.Log.Level != test.want {
			t.Errorf("%s: level %q, error %v; want %q", name, c.Log.Level, err, test.want)
		}
	}
}

func TestFileErrors(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"wasgi.toml": "", "wasgi.yaml": "", "x.conf": "", "large.json": strings.Repeat(" ", 256<<10+1)})
	if err := os.Mkdir(filepath.Join(dir, "folder.toml"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		source config.Source
		want   string
	}{
		"two":     {config.Source{Dir: dir}, "config file: DIR/wasgi.toml and DIR/wasgi.yaml are both there; keep one"},
		"missing": {config.Source{File: filepath.Join(dir, "no.toml")}, `config file "DIR/no.toml": no such file or directory`},
		"folder":  {config.Source{File: filepath.Join(dir, "folder.toml")}, `config file "DIR/folder.toml": is not a regular file`},
		"format":  {config.Source{File: filepath.Join(dir, "x.conf")}, "DIR/x.conf: unknown format; the name must end in .toml, .yaml, .yml or .json"},
		"large":   {config.Source{File: filepath.Join(dir, "large.json")}, "DIR/large.json: is larger than 256KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(test.source)
			wantError(t, err, dir, test.want)
		})
	}
}

// A missing file can be told from a wrong one.
func TestMissingFileUnwraps(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Source{File: filepath.Join(t.TempDir(), "no.toml")})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

func TestParallelLoads(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{"wasgi.yaml": "defaults: {hosts: [a.test], env: [A=1], instances: {max: 3}}\n"})
	want, err := config.Load(config.Source{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				got, err := config.Load(config.Source{Dir: dir, Environ: []string{"WASGI_LISTEN=127.0.0.1:8080"}})
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v, %v", got, err)
				}
				app, err := config.LoadManifest("a.toml", []byte("timeout = 1"), want.Defaults)
				if err != nil || app.Timeout != time.Second {
					t.Errorf("got %+v, %v", app, err)
				}
			}
		})
	}
	wg.Wait()
}
