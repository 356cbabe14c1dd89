package supervise_test

import (
	"context"
	"testing"
)

// Whoever holds something for an app is told when there is no version of it any more, and only then.
func TestRetired(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	told := func(name string) bool { _, ok := f.retired.LoadAndDelete(name); return ok }
	for _, name := range []string{"a", "b", "c"} {
		f.write(name+".wasm", "1")
	}
	f.settle()
	f.write("a.wasm", "2")
	f.write("b.wasm", "bad")
	f.settle()
	for _, name := range []string{"a", "b", "c"} {
		if told(name) {
			t.Errorf("%s has a version that serves", name)
		}
	}
	f.write("a.toml", "disabled")
	f.remove("b.wasm")
	f.settle()
	if !told("a") || !told("b") || told("c") {
		t.Error("a is disabled, b removed, and c serves")
	}
	if err := f.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if told("a") || told("b") || !told("c") {
		t.Error("c is the only one that served")
	}
}
