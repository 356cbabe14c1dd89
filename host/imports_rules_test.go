package host_test

import (
	"testing"
)

// TestTheRulesRefuse tries made-up arrows: each must be refused, and with the reason that stands in the table.
func TestTheRulesRefuse(t *testing.T) {
	t.Parallel()
	const (
		pure     = "the mount table is pure"
		embedder = "the binary is an embedder like any other: what it needs, host must offer"
		kinds    = "kinds never import one another and know no server: what two of them need belongs in engine or guest"
		hot      = "the hot path meets the control path in one pointer only, and never sees wazero"
		apps     = "an app swaps generations of programs and its public files: it knows neither engine nor HTTP nor the apps folder"
		leaf     = "guests are compiled with it"
		runtime  = "the runtime can be replaced as long as nobody else knows it, but for the kit's strict host, which owes nothing to ours"
		viper    = "viper is neither strict nor safe for concurrent use: one package tames it"
		events   = "nobody else may trust a single event"
		values   = "settings are values: whoever acts on them imports them, not the other way round"
		needs    = "it declares what it needs of loading and watching, and host brings it"
		unknown  = "unknown to the house: say where it stands"
		noOwner  = "a third-party module without an owner: say who owns it, and why"
	)
	cases := []struct {
		from, to string
		kind     fileKind
		why      string
	}{
		{"cmd/wasgi", module + "/host/internal/gateway", code, embedder},
		{"cmd/wasgi", module + "/abi", code, embedder},
		{"cmd/wasgi", module + "/plugins/hello", code, embedder},
		{"abi", module + "/abi/wire", code, leaf},
		{"abi/wire", module + "/abi", code, leaf},
		{"abi/abitest", module + "/host", code, "the kit runs against any host, so it must not know ours"},
		{"abi/abitest", module + "/host/internal/engine", inside, "the kit runs against any host, so it must not know ours"},
		{"guest-sdk/go/wasgi", module + "/host", code, "an app carries none of the host"},
		{"guest-sdk/go/wasgi", module + "/abi/abitest", code, "an app carries none of the host"},
		{"guest-sdk/go/wasgi", module + "/guest-sdk/internal/toolchain", code, "it runs compilers for tests"},
		{"guest-sdk/go/examples/notes", module + "/guest-sdk/notestest", code,
			"it asks any server over HTTP: what it knew of ours, or of an app, would not be tested"},
		{"plugins/hello", module + "/abi", code, "a sample shows what an app's author can do, with what he has"},
		{"plugins/hello", module + "/plugins/echo", code, "a sample shows what an app's author can do, with what he has"},
		{"host", module + "/cmd/wasgi", code, "the façade wires the rooms of the host and nothing else"},
		{"host", module + "/guest-sdk/go/wasgi", code, "the façade wires the rooms of the host and nothing else"},
		{"host", module + "/host/internal/guesttest", code, "it holds guests for tests and no code of the host"},
		{"host/internal/guesttest/canary", module + "/host/internal/guest", code, "a guest for tests carries none of the host"},
		{"host/internal/app", module + "/host/internal/guesttest", code, "it holds guests for tests and no code of the host"},
		{"host/config", module + "/host/internal/guest", code, values},
		{"host/config", module + "/host", code, values},
		{"host/internal/guest", module + "/host/internal/engine", code, "the shared words stand below all rooms"},
		{"host/internal/guest/cgi", module + "/host/internal/guest/wasgi", code, kinds},
		{"host/internal/guest/wasgi", module + "/host/internal/gateway", code, kinds},
		{"host/internal/guest/wasgi", module + "/host/internal/pool", code, kinds},
		{"host/internal/wasm", module + "/abi", code, "it is pure, so that it can be fuzzed alone and run in a child process"},
		{"host/internal/compile", module + "/host/internal/wasm", code,
			"it turns bytes into code: what they are and who wants them is no business of a child process"},
		{"host/internal/engine", module + "/host/internal/guest/wasgi", code,
			"the engine runs any module: it knows no kind, no request and no app"},
		{"host/internal/engine", module + "/abi", code,
			"the engine runs any module: it knows no kind, no request and no app"},
		{"host/internal/bench", module + "/host/internal/gateway", code,
			"it measures any server by its address: what it knew of ours would be measured too"},
		{"host/internal/http1", module + "/host/internal/gateway", code, "it reads bytes: what a request means, and what is answered, is the gateway's"},
		{"host/internal/pool", module + "/host/internal/guest", code, "the pool is generic and holds no word of wasm"},
		{"host/internal/route", module + "/abi", code, pure},
		{"host/internal/route", module + "/abi", inside, pure},
		{"host/internal/app", module + "/host/internal/route", code, apps},
		{"host/internal/app", module + "/host/internal/engine", inside, apps},
		{"host/internal/gateway", module + "/host/internal/pool", code, hot},
		{"host/internal/gateway", module + "/host/internal/supervise", code, hot},
		{"host/internal/gateway", module + "/host/config", code, hot},
		{"host/internal/listen", module + "/host/internal/gateway", code, "it lets connections in, and knows nothing of what they are for"},
		{"host/internal/certs", module + "/host/internal/listen", code, "it gets certificates, and knows nothing of who shows them"},
		{"host/internal/listen", module + "/host/internal/certtest", code, "it makes certificates for tests"},
		{"host/internal/socket", module + "/host/internal/app", code,
			"a connection outlives generations and instances: it knows an app by what it declares to need of one"},
		{"host/internal/gateway", "github.com/coder/websocket", code, "the WebSocket library can be replaced as long as nobody else knows it"},
		{"host/internal/machine", module + "/host/internal/guest", code, "it reads what the system says, and decides nothing"},
		{"host/internal/watch", module + "/host/internal/guest", code, "files in, changes out: the channel is its whole contract"},
		{"host/internal/supervise", module + "/host/internal/watch", code, needs},
		{"host/internal/supervise", module + "/host/config", code, needs},
		{"host/internal/supervise", module + "/host", code, needs},
		{"host/internal/service/kv", module + "/host/internal/service/fetch", code, "a capability is a list of guest.Import"},

		{"host/internal/gateway", "github.com/tetratelabs/wazero", code, runtime},
		{"host/internal/app", "github.com/tetratelabs/wazero/api", code, runtime},
		{"host/internal/app", "github.com/tetratelabs/wazero/api", external, runtime},
		{"host", "github.com/tetratelabs/wazero/sys", code, runtime},
		{"host/internal/service/kv", "github.com/tetratelabs/wazero/api", code, runtime},
		{"cmd/wasgi", "github.com/spf13/viper", code, viper},
		{"host", "github.com/spf13/viper", inside, viper},
		{"host/internal/supervise", "github.com/fsnotify/fsnotify", code, events},
		{"cmd/wasgi", "github.com/fsnotify/fsnotify", code, events},
		{"host", "github.com/caddyserver/certmagic", code, "only certs speaks with certificate authorities"},
		{"host/internal/listen", "go.uber.org/zap/zapcore", code, "certmagic logs to it; everybody else has slog"},
		{"host", "github.com/spf13/cobra", code, "an embedder has its own command line"},
		{"host/internal/machine", "golang.org/x/sys/windows", code, "system calls stay with memory and files"},
		{"host/internal/pool", "golang.org/x/sys/unix", code, "system calls stay with memory and files"},
		{"cmd/wasgi", "github.com/rogpeppe/go-internal/testscript", code, "testscript tests the binary as a whole"},
		{"host", "github.com/rogpeppe/go-internal/testscript", external, "testscript tests the binary as a whole"},
		{"abi", "example.com/anything", code, noOwner},
		{"cmd/wasgi", "github.com/tetratelabs/wazeroid", code, noOwner},
		{"host/internal/engine", "C", code, "the binary is built without cgo"},

		{"host/internal/unheard", "fmt", code, unknown},
		{"host/internal/engine/deeper", "fmt", code, unknown},
		{"host/internal/guest/cgi/deeper", "fmt", code, unknown},
		{"cmd/another", module + "/host", code, unknown},
		{"internal", "fmt", external, unknown},
		{".", "fmt", code, unknown},
	}
	for _, c := range cases {
		from := module + "/" + c.from
		if c.from == "." {
			from = module
		}
		if got := refuse(edge{from, c.to, c.kind}); got != c.why {
			t.Errorf("%s imports %s (%d):\n got %q\nwant %q", c.from, c.to, c.kind, got, c.why)
		}
	}
	if got, want := refuse(edge{"example.com/other", "fmt", code}), "not a package of the project"; got != want {
		t.Errorf("a foreign package: got %q, want %q", got, want)
	}
}

// TestTheRulesAllow keeps the rules from refusing everything.
func TestTheRulesAllow(t *testing.T) {
	t.Parallel()
	cases := []edge{
		{"cmd/wasgi", module + "/host", code},
		{"cmd/wasgi", module + "/host/config", code},
		{"cmd/wasgi", module + "/guest-sdk/go/wasgi", code},
		{"cmd/wasgi", "github.com/spf13/cobra", code},
		{"cmd/wasgi", "github.com/rogpeppe/go-internal/testscript", external},
		{"abi", "fmt", external},
		{"abi", module + "/abi/wire", external},
		{"abi/abitest", "github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1", code},
		{"abi/abitest", module + "/host", external},
		{"guest-sdk/go/wasgi", module + "/abi/wire", code},
		{"guest-sdk/go/wasgihttp", module + "/guest-sdk/go/wasgi", code},
		{"plugins/notes", module + "/guest-sdk/go/wasgihttp", code},
		{"host", module + "/host/internal/guest/wasgi", code},
		{"host", module + "/host/config", code},
		{"host/config", "github.com/spf13/viper", code},
		{"host/internal/app", module + "/host/internal/pool", code},
		{"host/internal/app", module + "/host/internal/guesttest", inside},
		{"host/internal/gateway", module + "/host/internal/guesttest", external},
		{"host/internal/engine", "github.com/tetratelabs/wazero/experimental", code},
		{"host/internal/engine", module + "/host/internal/guest", code},
		{"host/internal/gateway", module + "/abi/wire", code},
		{"host/internal/gateway", "net/http", code},
		{"host/internal/gateway", module + "/host/internal/socket", code},
		{"host/internal/socket", "github.com/coder/websocket", code},
		{"host/internal/gateway", module + "/host", external},
		{"host/internal/guest", module + "/abi/wire", code},
		{"host/internal/guest/wasgi", "github.com/tetratelabs/wazero/api", code},
		{"host/internal/guest/wasgi", module + "/host/internal/engine", code},
		{"host/internal/service/kv", module + "/host/internal/guest", code},
		{"host/internal/supervise", module + "/host/internal/route", code},
		{"host/internal/watch", "github.com/fsnotify/fsnotify", inside},
	}
	for _, c := range cases {
		c.from = module + "/" + c.from
		if why := refuse(c); why != "" {
			t.Errorf("%s imports %s (%d): refused: %s", c.from, c.to, c.kind, why)
		}
	}
}

func TestEachRuleGivesAReason(t *testing.T) {
	t.Parallel()
	for _, p := range house {
		if p.why == "" {
			t.Errorf("%s: no reason", p.at)
		}
	}
	for _, o := range owners {
		if o.why == "" || len(o.by) == 0 {
			t.Errorf("%s: no reason or no owner", o.of)
		}
	}
}
