package route

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Mount is one place where something answers.
type Mount[T any] struct {
	// Host is the one host that the mount answers for; "*.example.com" is each that has one label in place of the asterisk, "" is any.
	Host string
	// Path is the decoded prefix: "/", or "/a/b" without a slash at its end.
	Path string
	// Target is what answers.
	Target T
}

// String returns host and path together, as they were written.
func (m Mount[T]) String() string { return m.Host + m.Path }

// DuplicateError says that two mounts are one and the same.
type DuplicateError struct {
	// First and Second are indices into what [New] was given.
	First, Second int
	// FirstMount and SecondMount are the two as they were written.
	FirstMount, SecondMount string
}

// Error implements error.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("mount %q (number %d): already taken by mount %q (number %d)",
		e.SecondMount, e.Second, e.FirstMount, e.First)
}

// Table maps hosts and paths to targets. It never changes, so it may be used concurrently.
type Table[T any] struct {
	hosts map[string]*node[T]
	wild  map[string]*node[T] // by what follows "*."
	any   *node[T]
}

// node is one segment in the tree of one host's mounts. The root is the empty prefix, which is the mount "/".
type node[T any] struct {
	children map[string]*node[T]
	// widest is the length of the longest of the children's names: no further byte of a path needs looking at.
	widest int
	// mount is the prefix in SCRIPT_NAME's form, index its place in New's list. Both are set where mounted is.
	mount   string
	index   int
	target  T
	mounted bool
}

// New makes a table. Two mounts with the same host and path are a [*DuplicateError].
func New[T any](mounts []Mount[T]) (*Table[T], error) {
	t := &Table[T]{hosts: map[string]*node[T]{}, wild: map[string]*node[T]{}, any: &node[T]{}}
	for i, m := range mounts {
		if err := checkPath(m.Path); err != nil {
			return nil, fmt.Errorf("mount %q: %w", m, err)
		}
		root, err := t.root(m.Host)
		if err != nil {
			return nil, fmt.Errorf("mount %q: %w", m, err)
		}
		n := root.grow(m.Path)
		if n.mounted {
			return nil, &DuplicateError{
				First: n.index, FirstMount: mounts[n.index].String(),
				Second: i, SecondMount: m.String(),
			}
		}
		n.mount, n.index, n.target, n.mounted = strings.TrimSuffix(m.Path, "/"), i, m.Target, true
	}
	return t, nil
}

// Lookup returns the target that answers, and its mount as SCRIPT_NAME has it: "" for "/". host is a Host header's value;
// path is the matchable part of what [Split] returned. It allocates nothing, and looks at no more of the two than the
// longest mounts have.
func (t *Table[T]) Lookup(host, path string) (target T, mount string, ok bool) {
	found := t.named(host, path)
	if found == nil {
		found = t.any.find(path)
	}
	if found == nil {
		return target, "", false
	}
	return found.target, found.mount, true
}

// named returns the deepest node on the path's way among the mounts of that very host, or else among those whose wildcard stands for
// its first label, or nil.
func (t *Table[T]) named(host, path string) *node[T] {
	const brackets, dot, port = 2, 1, 6
	if len(t.hosts)+len(t.wild) == 0 || len(host) > maxHost+brackets+dot+port {
		return nil
	}
	var buf [maxHost + brackets + dot + port]byte
	name := appendCanonical(buf[:0], host)
	if found := t.hosts[string(name)].find(path); found != nil || len(t.wild) == 0 {
		return found
	}
	label, parent, _ := bytes.Cut(name, []byte("."))
	if !isLabel(label) {
		return nil
	}
	return t.wild[string(parent)].find(path)
}

// root returns the tree of a host, a new one if need be.
func (t *Table[T]) root(host string) (*node[T], error) {
	if host == "" {
		return t.any, nil
	}
	name, err := mountHost(host)
	if err != nil {
		return nil, err
	}
	hosts := t.hosts
	if parent, ok := strings.CutPrefix(name, wildcard); ok {
		hosts, name = t.wild, parent
	}
	if hosts[name] == nil {
		hosts[name] = &node[T]{}
	}
	return hosts[name], nil
}

// grow returns the node of a valid mount's path, making those on the way to it.
func (n *node[T]) grow(path string) *node[T] {
	if path == "/" {
		return n
	}
	for name := range strings.SplitSeq(path[1:], "/") {
		next := n.children[name]
		if next == nil {
			if n.children == nil {
				n.children = map[string]*node[T]{}
			}
			next = &node[T]{}
			n.children[name] = next
			n.widest = max(n.widest, len(name))
		}
		n = next
	}
	return n
}

// find returns the deepest mounted node on the way that path takes from the root n, or nil.
func (n *node[T]) find(path string) (best *node[T]) {
	if path != "" && path[0] != '/' {
		return nil
	}
	for n != nil {
		if n.mounted {
			best = n
		}
		if path == "" {
			break
		}
		name, rest := segment(path, n.widest)
		n, path = n.children[name], rest
	}
	return best
}

// segment cuts the first segment off a path that begins with a slash. Of one that is longer than widest it returns one byte
// more than that, which is enough to equal no child's name.
func segment(path string, widest int) (name, rest string) {
	window := path[1:min(len(path), widest+2)]
	if i := strings.IndexByte(window, '/'); i >= 0 {
		return window[:i], path[1+i:]
	}
	return window, ""
}

// checkPath says why a mount's path could not be meant, or never match.
func checkPath(path string) error {
	if path == "/" {
		return nil
	}
	switch {
	case !strings.HasPrefix(path, "/"):
		return errors.New("a path begins with a slash")
	case strings.HasSuffix(path, "/"):
		return errors.New("a path other than / ends without a slash")
	case strings.Contains(path, "//"):
		return errors.New("a path holds no empty segment")
	case dotSegment(path) != "":
		return fmt.Errorf("a path holds no segment %q", dotSegment(path))
	}
	for i := range len(path) {
		if c := path[i]; c < 0x20 || c == 0x7f {
			return fmt.Errorf("a path holds no control character (%#02x)", c)
		}
		if _, err := escape(path[i:]); err == nil && path[i] == '%' {
			return fmt.Errorf("a path is written decoded, without the escape %q", path[i:i+3])
		}
	}
	return nil
}
