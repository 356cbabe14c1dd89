package host_test

import (
	"slices"
	"strings"
	"testing"
)

// module is what the import paths of the project begin with.
const module = "github.com/wasgi/wasgi"

// place says where a package stands in the house: which packages of the project it may import, and why no others. Both
// patterns are paths inside the module: "a/b" is that package, "a/*" every package right below a, "a/..." a and all below.
type place struct {
	at  string
	may []string
	why string
	// tests says that the package is for tests alone: all of them may import it, and no code may.
	tests bool
}

// house has one line for each package; the first that fits counts.
var house = []place{
	{at: "cmd/wasgi", may: []string{"host", "host/config", "abi/abitest", "guest-sdk/..."},
		why: "the binary is an embedder like any other: what it needs, host must offer"},
	{at: "abi", why: "guests are compiled with it"},
	{at: "abi/wire", why: "guests are compiled with it"},
	{at: "abi/abitest", may: []string{"abi", "abi/wire"}, why: "the kit runs against any host, so it must not know ours"},
	{at: "guest-sdk/notestest", why: "it asks any server over HTTP: what it knew of ours, or of an app, would not be tested", tests: true},
	{at: "guest-sdk/internal/toolchain", why: "it runs compilers for tests", tests: true},
	{at: "guest-sdk/...", may: []string{"abi", "abi/wire", "guest-sdk/..."}, why: "an app carries none of the host"},
	{at: "plugins/...", may: []string{"guest-sdk/..."}, why: "a sample shows what an app's author can do, with what he has"},
	{at: "host", may: []string{"host/...", "abi"}, why: "the façade wires the rooms of the host and nothing else"},
	{at: "host/config", why: "settings are values: whoever acts on them imports them, not the other way round"},
	{at: "host/internal/guest", may: []string{"abi", "abi/wire"}, why: "the shared words stand below all rooms"},
	{at: "host/internal/guest/*", may: []string{"host/internal/engine", "host/internal/guest", "abi", "abi/wire"},
		why: "kinds never import one another and know no server: what two of them need belongs in engine or guest"},
	{at: "host/internal/wasm", why: "it is pure, so that it can be fuzzed alone and run in a child process"},
	{at: "host/internal/compile", why: "it turns bytes into code: what they are and who wants them is no business of a child process"},
	{at: "host/internal/engine", may: []string{"host/internal/guest", "host/internal/wasm", "host/internal/compile"},
		why: "the engine runs any module: it knows no kind, no request and no app"},
	{at: "host/internal/bench", why: "it measures any server by its address: what it knew of ours would be measured too"},
	{at: "host/internal/http1", why: "it reads bytes: what a request means, and what is answered, is the gateway's"},
	{at: "host/internal/pool", why: "the pool is generic and holds no word of wasm"},
	{at: "host/internal/route", why: "the mount table is pure"},
	{at: "host/internal/coding", why: "what a coding is depends on no app and no file"},
	{at: "host/internal/static", may: []string{"host/internal/coding"}, why: "it serves any folder of files: it knows no app and no settings"},
	{at: "host/internal/forwarded", why: "whom to believe is decided by addresses and headers alone"},
	{at: "host/internal/app", may: []string{"host/internal/pool", "host/internal/guest", "host/internal/static"},
		why: "an app swaps generations of programs and its public files: it knows neither engine nor HTTP nor the apps folder"},
	{at: "host/internal/gateway", may: []string{"host/internal/route", "host/internal/app", "host/internal/guest", "host/internal/static",
		"host/internal/coding", "host/internal/forwarded", "host/internal/socket", "abi", "abi/wire"},
		why: "the hot path meets the control path in one pointer only, and never sees wazero"},
	{at: "host/internal/listen", why: "it lets connections in, and knows nothing of what they are for"},
	{at: "host/internal/certs", why: "it gets certificates, and knows nothing of who shows them"},
	{at: "host/internal/socket", may: []string{"host/internal/guest", "abi", "abi/wire"},
		why: "a connection outlives generations and instances: it knows an app by what it declares to need of one"},
	{at: "host/internal/relay", may: []string{"host/internal/guest", "abi"}, why: "it reads parameters: who plays an exchange is the gateway's business"},
	{at: "host/internal/machine", why: "it reads what the system says, and decides nothing"},
	{at: "host/internal/watch", why: "files in, changes out: the channel is its whole contract"},
	{at: "host/internal/supervise", may: []string{"host/internal/app", "host/internal/route", "host/internal/guest", "host/internal/static"},
		why: "it declares what it needs of loading and watching, and host brings it"},
	{at: "host/internal/service/*", may: []string{"host/internal/guest"}, why: "a capability is a list of guest.Import"},
	{at: "host/internal/certtest", why: "it makes certificates for tests", tests: true},
	{at: "host/internal/guesttest/canary", may: []string{"guest-sdk/go/wasgi"}, why: "a guest for tests carries none of the host", tests: true},
	{at: "host/internal/guesttest/...", why: "it holds guests for tests and no code of the host", tests: true},
}

// owner says which packages may import a third-party module.
type owner struct {
	of string
	by []string
	// tests says that the module is for tests alone.
	tests bool
	why   string
}

var owners = []owner{
	{of: "github.com/tetratelabs/wazero", by: []string{"host/internal/engine", "host/internal/compile", "host/internal/guest/*", "abi/abitest"},
		why: "the runtime can be replaced as long as nobody else knows it, but for the kit's strict host, which owes nothing to ours"},
	{of: "github.com/spf13/viper", by: []string{"host/config"}, why: "viper is neither strict nor safe for concurrent use: one package tames it"},
	{of: "github.com/go-viper/mapstructure/v2", by: []string{"host/config"}, why: "decoding settings is config's"},
	{of: "github.com/pelletier/go-toml/v2", by: []string{"host/config"}, why: "decoding settings is config's"},
	{of: "go.yaml.in/yaml/v3", by: []string{"host/config"}, why: "decoding settings is config's"},
	{of: "github.com/fsnotify/fsnotify", by: []string{"host/internal/watch"}, why: "nobody else may trust a single event"},
	{of: "github.com/caddyserver/certmagic", by: []string{"host/internal/certs"}, why: "only certs speaks with certificate authorities"},
	{of: "go.uber.org/zap", by: []string{"host/internal/certs"}, why: "certmagic logs to it; everybody else has slog"},
	{of: "github.com/klauspost/compress", by: []string{"host/internal/coding"}, why: "compressors are lent by one pool, so that their memory is bounded"},
	{of: "github.com/spf13/cobra", by: []string{"cmd/wasgi"}, why: "an embedder has its own command line"},
	{of: "github.com/spf13/pflag", by: []string{"cmd/wasgi", "host/config"}, why: "flags are the command's, and config's lowest layer reads them"},
	{of: "golang.org/x/term", by: []string{"cmd/wasgi"}, why: "only the command has a terminal"},
	{of: "golang.org/x/sys", by: []string{"host/internal/engine", "host/internal/watch"},
		why: "system calls stay with memory and files"},
	{of: "github.com/coder/websocket", by: []string{"host/internal/socket"}, why: "the WebSocket library can be replaced as long as nobody else knows it"},
	{of: "github.com/http-wasm/http-wasm-host-go", by: []string{"host"}, tests: true, why: "its conformance kit tests us; its host is not ours"},
	{of: "github.com/rogpeppe/go-internal", by: []string{"cmd/wasgi"}, tests: true, why: "testscript tests the binary as a whole"},
}

// edge is one import of a package by a file of a package; both paths are whole import paths.
type edge struct {
	from, to string
	kind     fileKind
}

type fileKind int

const (
	code     fileKind = iota // what is built
	inside                   // a test in the package itself: the arrows of the code hold
	external                 // a test in package x_test: it may import all of the project, since nothing imports it
)

// refuse returns why an import is forbidden, or "".
func refuse(e edge) string {
	from, ok := inModule(e.from)
	if !ok {
		return "not a package of the project"
	}
	stand := standing(from)
	if stand == nil {
		return "unknown to the house: say where it stands"
	}
	if to, ok := inModule(e.to); ok {
		return refuseInModule(stand, to, e.kind)
	}
	if e.to == "C" {
		return "the binary is built without cgo"
	}
	if first, _, _ := strings.Cut(e.to, "/"); !strings.Contains(first, ".") {
		return ""
	}
	return refuseThirdParty(from, e)
}

func refuseInModule(stand *place, to string, kind fileKind) string {
	if target := standing(to); target != nil && target.tests {
		if kind == code {
			return target.why
		}
		return ""
	}
	if kind == external || fitsAny(stand.may, to) {
		return ""
	}
	return stand.why
}

// refuseThirdParty holds for tests too: a test that needs a foreign module has found a seam that leaks.
func refuseThirdParty(from string, e edge) string {
	for _, o := range owners {
		if e.to != o.of && !strings.HasPrefix(e.to, o.of+"/") {
			continue
		}
		if o.tests && e.kind == code || !fitsAny(o.by, from) {
			return o.why
		}
		return ""
	}
	return "a third-party module without an owner: say who owns it, and why"
}

func inModule(path string) (rest string, ok bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

func standing(path string) *place {
	for i := range house {
		if fits(house[i].at, path) {
			return &house[i]
		}
	}
	return nil
}

func fitsAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return fits(p, path) })
}

func fits(pattern, path string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == base || strings.HasPrefix(path, base+"/")
	}
	if base, ok := strings.CutSuffix(pattern, "/*"); ok {
		rest, below := strings.CutPrefix(path, base+"/")
		return below && !strings.Contains(rest, "/")
	}
	return path == pattern
}

func TestImportsRunDownwards(t *testing.T) {
	t.Parallel()
	unknown := map[string]bool{}
	for _, f := range sourceFiles(t) {
		if at, _ := inModule(f.dir); standing(at) == nil {
			if !unknown[f.dir] {
				t.Errorf("%s: unknown to the house: say where it stands", f.dir)
			}
			unknown[f.dir] = true
			continue
		}
		for _, to := range f.imports {
			if why := refuse(edge{f.dir, to, f.kind}); why != "" {
				t.Errorf("%s imports %q: %s", f.name, to, why)
			}
		}
	}
}

func TestEveryPackageHasOnePackageComment(t *testing.T) {
	t.Parallel()
	documented := map[string][]string{}
	for _, f := range sourceFiles(t) {
		if f.kind != code {
			continue
		}
		if _, ok := documented[f.dir]; !ok {
			documented[f.dir] = nil
		}
		if f.documented {
			documented[f.dir] = append(documented[f.dir], f.name)
		}
	}
	for dir, names := range documented {
		if len(names) != 1 {
			t.Errorf("%s: %d package comments %v, want one", dir, len(names), names)
		}
	}
}
