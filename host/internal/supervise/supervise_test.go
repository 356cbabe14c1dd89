package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/supervise"
)

// hang bounds every wait in these tests; none is expected to come near it.
const hang = 20 * time.Second

// loader is a fake supervise.Loader: a module's bytes say what becomes of it, a manifest's are lines of "key value".
type loader struct {
	loads            atomic.Int64
	gates            sync.Map     // bytes of a module -> chan struct{} that its loading waits for
	begun            sync.Map     // bytes of a module -> chan struct{} that is closed when its loading begins
	broken           atomic.Bool  // nothing can be loaded
	heeds            bool         // a loading that waits looks at its context
	made             atomic.Int64 // instances
	live             atomic.Int64
	programs, checks atomic.Int64
	seen             func(data []byte)
}

func (l *loader) Settings(file guest.File) (supervise.Settings, error) {
	s := supervise.Settings{Enabled: true, Settings: guest.Settings{
		Timeout: hang, QueueTimeout: hang, MinInstances: 1, MaxInstances: 2, MaxModule: 4 << 20,
		IdleTimeout: 24 * time.Hour,
	}}
	for line := range strings.Lines(string(file.Data)) {
		switch key, value, _ := strings.Cut(strings.TrimSpace(line), " "); key {
		case "mount":
			s.Mount = value
		case "host":
			s.Hosts = append(s.Hosts, value)
		case "max_module":
			s.MaxModule, _ = strconv.ParseInt(value, 10, 64)
		case "idle_timeout":
			s.IdleTimeout, _ = time.ParseDuration(value)
		case "max_lifetime":
			s.MaxLifetime, _ = time.ParseDuration(value)
		case "disabled":
			s.Enabled = false
		default:
			return s, fmt.Errorf("%s: %s: unknown key", file.Name, key)
		}
	}
	return s, nil
}

func (l *loader) Load(ctx context.Context, file guest.File, _ guest.Settings, _ *slog.Logger) (guest.Program, error) {
	l.loads.Add(1)
	if l.seen != nil {
		l.seen(file.Data)
	}
	if begun, ok := l.begun.LoadAndDelete(string(file.Data)); ok {
		close(begun.(chan struct{}))
	}
	if gate, ok := l.gates.Load(string(file.Data)); ok {
		if err := l.wait(ctx, gate.(chan struct{})); err != nil {
			return nil, err
		}
	}
	if l.broken.Load() || strings.HasPrefix(string(file.Data), "bad") {
		return nil, errors.New("not loadable")
	}
	l.programs.Add(1)
	return &program{
		loader: l,
		bytes:  int64(len(file.Data)),
		traps:  strings.HasPrefix(string(file.Data), "trap"),
		fresh:  strings.HasPrefix(string(file.Data), "fresh"),
	}, nil
}

func (l *loader) Check(file guest.File, _ guest.Settings) (string, error) {
	l.checks.Add(1)
	if strings.HasPrefix(string(file.Data), "bad") {
		return "", errors.New("not loadable")
	}
	return "fake", nil
}

func (l *loader) wait(ctx context.Context, gate chan struct{}) error {
	if !l.heeds {
		ctx = context.Background()
	}
	select {
	case <-gate:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("given up: %w", context.Cause(ctx))
	}
}

type program struct {
	loader       *loader
	bytes        int64 // as many as its module has
	traps, fresh bool
}

func (p *program) New(context.Context) (guest.Instance, error) {
	if p.traps {
		return nil, &guest.Fault{Phase: guest.PhaseInit, Kind: guest.KindTrap, Cause: errors.New("unreachable"), Stack: []string{"start"}}
	}
	p.loader.made.Add(1)
	p.loader.live.Add(1)
	return instance{p}, nil
}

func (*program) Kind() string { return "fake" }

func (p *program) Isolation() (guest.Isolation, string) {
	if p.fresh {
		return guest.IsolationFresh, "table.set in function 12"
	}
	return guest.IsolationRequest, ""
}

func (p *program) Bytes() int64 { return p.bytes }
func (p *program) Close() error { p.loader.programs.Add(-1); return nil }

type instance struct{ program *program }

func (instance) Serve(context.Context, guest.Exchange) error { return nil }
func (instance) Reset() bool                                 { return true }
func (instance) Bytes() int64                                { return 0 }
func (i instance) Close()                                    { i.program.loader.live.Add(-1) }

// folder is an apps folder with its supervisor.
type folder struct {
	t       *testing.T
	dir     string
	loader  *loader
	journal *journal
	retired sync.Map // the names that Retired was told
	*supervise.Supervisor
}

// journal keeps what is logged.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// count tells how often a text has been logged.
func (j *journal) count(text string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), text)
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	return newFolderWith(t, 2, &loader{})
}

func newFolderWith(t *testing.T, parallel int, l *loader) *folder {
	t.Helper()
	return newFolderOf(t, 1000, parallel, l)
}

// newFolderOf returns a folder that may have most apps.
func newFolderOf(t *testing.T, most, parallel int, l *loader) *folder {
	t.Helper()
	return newFolderIn(t, 0, most, parallel, l)
}

// newFolderIn returns a folder whose programs may have that many bytes.
func newFolderIn(t *testing.T, memory int64, most, parallel int, l *loader) *folder {
	t.Helper()
	f := &folder{t: t, dir: t.TempDir(), loader: l, journal: &journal{}}
	f.Supervisor = supervise.New(supervise.Options{
		Dir: f.dir, Loader: f.loader, Max: most, Parallel: parallel, Memory: memory,
		Retired: func(name string) { f.retired.Store(name, true) },
		Log:     slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), f.journal), &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	t.Cleanup(func() {
		if err := f.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *folder) write(rel, text string) {
	f.t.Helper()
	path := filepath.Join(f.dir, filepath.FromSlash(rel))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		f.t.Fatal(err)
	}
}

// hold makes the loading of a module with these bytes wait: begun is closed when it waits, release lets it go on.
func (f *folder) hold(text string) (begun, release chan struct{}) {
	begun, release = make(chan struct{}), make(chan struct{})
	f.loader.begun.Store(text, begun)
	f.loader.gates.Store(text, release)
	return begun, release
}

func (f *folder) await(done <-chan struct{}) {
	f.t.Helper()
	select {
	case <-done:
	case <-time.After(hang):
		f.t.Fatal("it did not happen")
	}
}

func (f *folder) remove(rel string) {
	f.t.Helper()
	if err := os.Remove(filepath.Join(f.dir, filepath.FromSlash(rel))); err != nil {
		f.t.Fatal(err)
	}
}

// settle reconciles and waits until everything has been loaded.
func (f *folder) settle(changed ...string) {
	f.t.Helper()
	f.Reconcile(changed)
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	if err := f.Wait(ctx); err != nil {
		f.t.Fatal(err)
	}
}

// answers returns the app that answers a path, or "".
func (f *folder) answers(host, path string) string {
	target, _, ok := f.Routes().Lookup(host, path)
	if !ok {
		return ""
	}
	return target.Name()
}

func (f *folder) status(name string) supervise.Status {
	f.t.Helper()
	all := f.Status()
	i := slices.IndexFunc(all, func(s supervise.Status) bool { return s.Name == name })
	if i < 0 {
		return supervise.Status{}
	}
	return all[i]
}

func TestNamesAndMounts(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	for _, rel := range []string{
		"hello.wasm", "index.wasm", "api/users.wasm", "api/index.wasm", "_draft.wasm", ".hidden.wasm", "hello@2.wasm",
		"public/a.wasm", "hello.public/b.wasm", "_off/c.wasm", "source/d.wasm", "source/main.go", "crate/e.wasm",
		"crate/Cargo.toml", "notes.txt", "lonely.toml",
	} {
		f.write(rel, rel)
	}
	f.remove("lonely.toml")
	f.settle()
	var names []string
	for _, s := range f.Status() {
		names = append(names, s.Name+" "+strings.Join(s.Mounts, ","))
	}
	want := []string{"api/index /api", "api/users /api/users", "hello /hello", "index /"}
	if !slices.Equal(names, want) {
		t.Errorf("apps %q, want %q", names, want)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("_real/deep/app.wasm", "app")
	for link, target := range map[string]string{
		"linked": "_real", "one.wasm": "_real/deep/app.wasm", "nowhere.wasm": "gone", "_real/deep/up": "../..",
	} {
		if err := os.Symlink(filepath.FromSlash(target), filepath.Join(f.dir, filepath.FromSlash(link))); err != nil {
			t.Skip(err)
		}
	}
	f.settle()
	if f.answers("", "/one") != "one" || f.answers("", "/linked/deep/app") != "linked/deep/app" {
		t.Errorf("%+v", f.Status())
	}
}

// Two apps on one mount: the first in the order of names has it; the second gets it when it is free.
func TestMountConflict(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.write("b.wasm", "b")
	f.write("b.toml", "mount /a")
	f.settle()
	if got := f.answers("", "/a"); got != "a" {
		t.Errorf("%s answers", got)
	}
	const want = `mount "/a" is taken by app "a": set another mount in the manifest of one of them`
	if s := f.status("b"); s.State != supervise.StateRefused || s.Err == nil || s.Err.Error() != want {
		t.Errorf("%+v", s)
	}
	f.remove("a.wasm")
	f.settle("a.wasm")
	if got := f.answers("", "/a"); got != "b" {
		t.Errorf("then %q answers", got)
	}
	f.write("a.wasm", "a") // came second this time
	f.settle("a.wasm")
	if got := f.answers("", "/a"); got != "b" || f.status("a").State != supervise.StateRefused {
		t.Errorf("then %q answers, a is %s", got, f.status("a").State)
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.write("b.wasm", "b")
	f.write("b.toml", "mount /a\nhost one.example\nhost two.example")
	f.settle()
	for host, want := range map[string]string{"": "a", "one.example": "b", "two.example:80": "b", "three.example": "a"} {
		if got := f.answers(host, "/a"); got != want {
			t.Errorf("%q: %q answers, want %q", host, got, want)
		}
	}
}

// A version that cannot be loaded leaves the one before, and its mount, alone.
func TestBadVersionKeepsTheOldOne(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.settle()
	for text, want := range map[string]string{"bad": "load: protocol: not loadable", "bad again": "load: protocol: not loadable"} {
		f.write("a.wasm", text)
		f.settle("a.wasm")
		if s := f.status("a"); s.State != supervise.StateFailed || s.Err == nil || s.Err.Error() != want || s.Generation != 1 {
			t.Errorf("%+v", s)
		}
		if f.answers("", "/a") != "a" {
			t.Error("the route is gone")
		}
	}
	f.write("a.toml", "colour red")
	f.settle("a.toml")
	if s := f.status("a"); s.Err == nil || s.Err.Error() != "a.toml: colour: unknown key" {
		t.Errorf("%+v", s)
	}
	f.write("a.yaml", "mount /b")
	f.settle("a.yaml")
	if s := f.status("a"); s.Err == nil || s.Err.Error() != "two manifests, a.toml and a.yaml: keep one of them" {
		t.Errorf("%+v", s)
	}
	f.remove("a.toml")
	f.write("a.wasm", "good")
	f.settle("a.wasm", "a.toml")
	if s := f.status("a"); s.State != supervise.StateServing || s.Err != nil || f.answers("", "/b") != "a" || f.answers("", "/a") != "" {
		t.Errorf("%+v", s)
	}
}

// What has not changed is not loaded again, and what failed is tried again only when everything is.
func TestSameContent(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.write("b.wasm", "bad")
	f.settle()
	f.write("a.wasm", "a")
	f.settle("a.wasm", "b.wasm")
	if n := f.loader.loads.Load(); n != 2 {
		t.Errorf("%d loads, want 2", n)
	}
	f.Reconcile(nil)
	f.settle("none")
	if n := f.loader.loads.Load(); n != 3 {
		t.Errorf("%d loads after a reload of everything, want 3", n)
	}
}

func TestDisabled(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.settle()
	f.write("a.toml", "disabled")
	f.settle("a.toml")
	if s := f.status("a"); s.State != supervise.StateDisabled || f.answers("", "/a") != "" {
		t.Errorf("%+v", s)
	}
	f.write("b.wasm", "b")
	f.write("b.toml", "mount /a") // the mount of a disabled app is free
	f.settle("b.wasm")
	if f.answers("", "/a") != "b" {
		t.Errorf("%+v", f.status("b"))
	}
}

// One slow load holds nobody up; of readings that come in meanwhile, the newest wins.
func TestSlowLoad(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	gate := make(chan struct{})
	f.loader.gates.Store("slow", gate)
	f.write("a.wasm", "slow")
	f.Reconcile(nil)
	f.write("b.wasm", "b")
	f.Reconcile([]string{"b.wasm"})
	for deadline := time.Now().Add(hang); f.answers("", "/b") != "b"; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a slow load held up another app")
		}
	}
	if s := f.status("a"); s.State != supervise.StateLoading {
		t.Errorf("%+v", s)
	}
	for i := range 5 {
		f.write("a.wasm", fmt.Sprintf("version %d", i))
		f.Reconcile([]string{"a.wasm"})
	}
	close(gate)
	f.settle("none")
	if n := f.loader.loads.Load(); n != 3 {
		t.Errorf("%d loads, want 3: the slow one, the other app, the newest", n)
	}
	if s := f.status("a"); s.State != supervise.StateServing || s.Generation != 1 {
		t.Errorf("%+v", s) // the slow one is not wanted any more when it has been loaded
	}
}

func TestRemovedWhileLoading(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	gate := make(chan struct{})
	f.loader.gates.Store("slow", gate)
	f.write("a.wasm", "slow")
	f.Reconcile(nil)
	f.remove("a.wasm")
	f.Reconcile([]string{"a.wasm"})
	close(gate)
	f.settle("none")
	if len(f.Status()) != 0 || f.answers("", "/a") != "" {
		t.Errorf("%+v", f.Status())
	}
}

// Whatever happens side by side, in the end the apps are what the folder holds.
func TestHammer(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 60 {
				rel := fmt.Sprintf("app%d.wasm", (worker+i)%6)
				path := filepath.Join(f.dir, rel)
				if i%3 == 2 {
					_ = os.Remove(path)
				} else {
					_ = os.WriteFile(path, fmt.Appendf(nil, "%d.%d", worker, i), 0o600)
				}
				f.Reconcile([]string{rel})
				f.Status()
				f.answers("", "/app1")
			}
		})
	}
	group.Wait()
	f.write("app0.wasm", "last")
	f.Reconcile(nil)
	f.settle("none")
	for i := range 6 {
		name := fmt.Sprintf("app%d", i)
		_, err := os.Stat(filepath.Join(f.dir, name+".wasm"))
		if there := err == nil; there != (f.answers("", "/"+name) == name) || there != (f.status(name).State == supervise.StateServing) {
			t.Errorf("%s: in the folder %t, %+v", name, there, f.status(name))
		}
	}
}

// Close waits for the requests that are inside, but no longer than it may.
func TestClose(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.settle()
	target, _, _ := f.Routes().Lookup("", "/a")
	inside := target.Enter()
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(http.ErrServerClosed)
	if err := f.Close(ctx); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Close() = %v with a request inside", err)
	}
	inside.Leave()
	if err := f.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// An app that cannot run as its manifest asks serves all the same, and says why not.
func TestStatusSaysWhatForcesFresh(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("plain.wasm", "plain")
	f.write("tables.wasm", "fresh")
	f.settle()
	if s := f.status("plain"); s.Isolation != guest.IsolationRequest || s.Why != "" {
		t.Errorf("plain runs as %s: %s", s.Isolation, s.Why)
	}
	s := f.status("tables")
	if s.State != supervise.StateServing || s.Isolation != guest.IsolationFresh || s.Why != "table.set in function 12" {
		t.Errorf("tables is %s and runs as %s: %s", s.State, s.Isolation, s.Why)
	}
	if n := f.journal.count(`msg="the app cannot run under the isolation that was asked for" app=tables`); n != 1 {
		t.Errorf("the log says so %d times", n)
	}
}
