package supervise_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/supervise"
)

func (f *folder) link(target, rel string) {
	f.t.Helper()
	path := filepath.Join(f.dir, filepath.FromSlash(rel))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Symlink(filepath.FromSlash(target), path); err != nil {
		f.t.Skip(err)
	}
}

func (f *folder) names() []string {
	names := []string{}
	for _, s := range f.Status() {
		names = append(names, s.Name)
	}
	return names
}

func TestRelevant(t *testing.T) {
	t.Parallel()
	for rel, want := range map[string][2]bool{ // as a folder, as a file
		"a": {true, false}, "a.wasm": {true, true}, "a.toml": {true, true}, "a.yaml": {true, true}, "a.yml": {true, true},
		"a.json": {true, true}, "a.txt": {true, false}, "a.WASM": {true, false}, "a/b/c.wasm": {true, true},
		"_a.wasm": {false, true}, "_a.toml": {false, true}, "a/_b.wasm": {false, true}, "_a.txt": {}, "__a.wasm": {}, "_.a.wasm": {}, "_.wasm": {}, ".a.wasm": {}, ".wasm": {}, "a@2.wasm": {}, "@.wasm": {}, "_a/b.wasm": {}, "a/.b/c.wasm": {}, "a@b/c.wasm": {},
		"public": {false, true}, "a.public": {false, true}, "a/public": {false, true}, "_a.public": {}, "a@b.public": {}, "_a/public": {},
		"public/a.public": {}, "public/a.wasm": {}, "a/public/b.wasm": {}, "a.public/b.wasm": {}, ".public": {},
		"public.wasm": {true, true}, "publican/a.wasm": {true, true}, "a_b.wasm": {true, true}, "a.b.wasm": {true, true},
		"a.wasm.bak": {true, false}, "a.wasm~": {true, false},
	} {
		if got := [2]bool{supervise.Relevant(rel, true), supervise.Relevant(rel, false)}; got != want {
			t.Errorf("Relevant(%q) as folder and file: %v, want %v", rel, got, want)
		}
	}
}

func TestIsSourceDir(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"go.mod": true, "main.go": true, "Cargo.toml": true, "package.json": true, "Makefile": true, "CMakeLists.txt": true,
		"a.c": true, "a.cc": true, "a.cpp": true, "a.rs": true, "a.zig": true,
		"a.wasm": false, "a.toml": false, "a.json": false, "makefile": false, "cargo.toml": false, "go.mod.txt": false, "go": false,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := supervise.IsSourceDir(dir); got != want {
			t.Errorf("a folder with %s holds source: %t", name, got)
		}
	}
	if supervise.IsSourceDir(filepath.Join(t.TempDir(), "gone")) {
		t.Error("a folder that is not there holds source")
	}
}

func TestAppName(t *testing.T) {
	t.Parallel()
	for rel, want := range map[string]string{
		"hello.wasm": "hello", "api/users.toml": "api/users", "a.b.wasm": "a.b", "a.b/c.wasm": "a.b/c", "index.wasm": "index",
		"hello.public": "hello", "public": "index", "api/public": "api/index", "a.b.public": "a.b",
	} {
		if got := supervise.AppName(rel); got != want {
			t.Errorf("AppName(%q) = %q, want %q", rel, got, want)
		}
	}
}

// Where apps answer whose manifest says nothing; what no mount can be is said by name, and hurts nobody else.
func TestDefaultMounts(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	for name, mount := range map[string]string{
		"hello": "/hello", "index": "/", "api/index": "/api", "api/v1/users": "/api/v1/users", "index/index": "/index",
		"a.b": "/a.b", "dir.wasm/x": "/dir.wasm/x", "with space": "/with space", "grüße": "/grüße", "myindex": "/myindex",
		"index/x": "/index/x", "100%": "/100%",
	} {
		f.write(name+".wasm", name)
		f.settle(name + ".wasm")
		if s := f.status(name); !slices.Equal(s.Mounts, []string{mount}) || s.State != supervise.StateServing || f.answers("", mount) != name {
			t.Errorf("%s: %+v, want the mount %s", name, s, mount)
		}
	}
	for name, want := range map[string]string{
		"a%41":   `mount "/a%41": a path is written decoded, without the escape "%41"; set mount and hosts in the app's manifest`,
		"a\nb":   `mount "/a\nb": a path holds no control character (0x0a); set mount and hosts in the app's manifest`,
		"a\x7fb": `mount "/a\x7fb": a path holds no control character (0x7f); set mount and hosts in the app's manifest`,
	} {
		f.write(name+".wasm", name)
		f.settle(name + ".wasm")
		if s := f.status(name); s.State != supervise.StateFailed || s.Err == nil || s.Err.Error() != want {
			t.Errorf("%q: %+v\nwant %s", name, s, want)
		}
	}
}

// A folder of source is for building, with all that lies below it; the apps folder itself may hold a README's go.mod.
func TestSourceFolders(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	for _, rel := range []string{
		"go.mod", "hello.wasm", "hello/main.go", "hello/hello.wasm", "hello/inner/app.wasm", "plain/app.wasm", "plain/c/a.c",
		"plain/c/app.wasm", "web/package.json", "web/dist/app.wasm",
	} {
		f.write(rel, rel)
	}
	f.settle()
	if want := []string{"hello", "plain/app"}; !slices.Equal(f.names(), want) {
		t.Errorf("apps %q, want %q", f.names(), want)
	}
	f.write("plain/main.go", "") // from now on it is source
	f.settle("none")
	if want := []string{"hello"}; !slices.Equal(f.names(), want) {
		t.Errorf("apps %q, want %q", f.names(), want)
	}
}

// A manifest without its module is no app, and no error; it is there when the module comes.
func TestManifestAlone(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.toml", "mount /there")
	f.settle()
	if len(f.Status()) != 0 {
		t.Errorf("%+v", f.Status())
	}
	f.write("a.wasm", "a")
	f.settle("a.wasm")
	if f.answers("", "/there") != "a" || f.answers("", "/a") != "" {
		t.Errorf("%+v", f.Status())
	}
	f.remove("a.wasm")
	f.settle("a.wasm")
	if len(f.Status()) != 0 || f.answers("", "/there") != "" {
		t.Errorf("%+v", f.Status())
	}
}

// Links that lead nowhere are as good as absent: they must not keep other apps from being removed.
func TestLinksToNowhere(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.write("b.wasm", "b")
	f.link("loop.wasm", "loop.wasm")
	f.link("pong", "ping")
	f.link("ping", "pong")
	f.link("gone", "gone.wasm")
	f.link("a.wasm/below", "below.wasm")
	f.link(".", "here")
	f.link("..", "sub/up")
	f.settle()
	if want := []string{"a", "b"}; !slices.Equal(f.names(), want) {
		t.Errorf("apps %q, want %q", f.names(), want)
	}
	f.remove("a.wasm")
	f.settle("a.wasm")
	if want := []string{"b"}; !slices.Equal(f.names(), want) {
		t.Errorf("apps %q, want %q", f.names(), want)
	}
	if n := f.journal.count("could not be read whole"); n != 0 {
		t.Errorf("%d warnings", n)
	}
}

// A link to a version is how atomic deployments switch: the app follows where it leads.
func TestLinkSwitch(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("_v1/a.wasm", "one")
	f.write("_v2/a.wasm", "version two")
	f.link("_v1/a.wasm", "a.wasm")
	f.link("_v1", "folder")
	f.settle()
	f.remove("a.wasm")
	f.link("_v2/a.wasm", "a.wasm")
	f.settle("a.wasm")
	if s := f.status("a"); s.Generation != 2 || s.Size != int64(len("version two")) {
		t.Errorf("%+v", s)
	}
	if s := f.status("folder/a"); s.Generation != 1 || f.answers("", "/folder/a") != "folder/a" {
		t.Errorf("%+v", s)
	}
}

// Folders that link to one another have more paths than could ever be walked.
func TestLinkedFoldersEnd(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	const folders = 14
	for i := range folders {
		f.write(fmt.Sprintf("f%d/app.wasm", i), "app")
		for j := range folders {
			if i != j {
				f.link(fmt.Sprintf("../f%d", j), fmt.Sprintf("f%d/to%d", i, j))
			}
		}
	}
	f.settle()
	if n := len(f.Status()); n != folders*folders {
		t.Errorf("%d apps, want one a folder, and one a link", n)
	}
}

// A listing with holes says what is there, not what is gone.
func TestHolesRemoveNothing(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.write("b.wasm", "b")
	f.write("d.wasm", "d")
	f.write("d.public/x.txt", "x")
	f.write("e.wasm", "e")
	f.write("e.public/x.txt", "x")
	f.settle()
	f.link(strings.Repeat("x", 300), "hole") // cannot be followed: it might be a folder of apps
	f.remove("a.wasm")
	f.remove("d.wasm")
	f.remove("e.public/x.txt")
	f.remove("e.public")
	f.write("b.wasm", "newer")
	f.write("c.wasm", "c")
	f.settle("a.wasm", "b.wasm", "c.wasm", "d.wasm", "e.public")
	if f.answers("", "/a") != "a" || f.answers("", "/c") != "c" || f.status("b").Generation != 2 ||
		f.status("d").Kind != "fake" || f.status("e").Public != "e.public" {
		t.Errorf("%+v", f.Status())
	}
	if n := f.journal.count(`level=WARN msg="the apps folder could not be read whole; nothing is removed until it can"`); n != 1 {
		t.Errorf("%d warnings", n)
	}
	f.remove("hole")
	f.settle("d.wasm")
	if want := []string{"b", "c", "d", "e"}; !slices.Equal(f.names(), want) || f.status("d").Kind != "static" || f.status("e").Public != "" {
		t.Errorf("apps %q, want %q: %+v", f.names(), want, f.Status())
	}
}

// It needs a user whom permissions bind.
func TestUnreadableFolder(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.write("sub/b.wasm", "b")
	f.settle()
	sub := filepath.Join(f.dir, "sub")
	if err := os.Chmod(sub, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(sub, 0o700) })
	if _, err := os.ReadDir(sub); err == nil {
		t.Skip("permissions do not bind this user")
	}
	f.settle()
	if want := []string{"a", "sub/b"}; !slices.Equal(f.names(), want) || f.answers("", "/sub/b") != "sub/b" {
		t.Errorf("apps %q, want %q", f.names(), want)
	}
	f.write("a.toml", "mount /moved")
	if err := os.Chmod(filepath.Join(f.dir, "a.toml"), 0); err != nil {
		t.Fatal(err)
	}
	f.settle("a.toml")
	if s := f.status("a"); s.Err == nil || s.Err.Error() != "read a.toml: permission denied" || f.answers("", "/a") != "a" {
		t.Errorf("%+v", s)
	}
}
