// Package static serves the files of one folder over HTTP, and nothing that lies outside of it: no path and no symbolic link
// leads out. It answers for what is there and leaves the rest to the caller.
package static

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/wasgi/wasgi/host/internal/coding"
)

// Options says how the files of a folder are served.
type Options struct {
	// Compress says whether files that gain by it are compressed, if no compressed one lies beside them.
	Compress bool
	// CacheControl is the value of that header; "" sends none.
	CacheControl string
	// WriteTimeout is how long a client may take for each piece; 0 is for ever.
	WriteTimeout time.Duration
	// MaxDuration bounds the whole answer; 0 is no bound.
	MaxDuration time.Duration
}

// Folder is a folder that is open. It stays the same one if another is put in its place. Its methods may be called
// concurrently.
type Folder struct {
	root    *os.Root
	options Options
}

// Open opens a folder, which may be a symbolic link to one. It must be closed.
func Open(dir string, options Options) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Folder{root: root, options: options}, nil
}

// Options returns what Open was given.
func (f *Folder) Options() Options { return f.options }

// Close gives the folder up. What was found in it can still be served; Find returns [os.ErrClosed] from now on.
func (f *Folder) Close() error { return f.root.Close() }

// ErrNone says that no file answers.
var ErrNone = errors.New("no file answers")

// Indexes and error pages have these names.
const (
	indexName   = "index.html"
	missingName = "404.html"
)

// Find opens what answers a path below the mount, decoded: "" or one that begins with a slash. accept holds the values of the
// client's Accept-Encoding. The result must be served or closed.
//
// An error is [ErrNone], perhaps wrapped with a cause that an operator should know, [os.ErrClosed], or what keeps a file that is
// there from being read.
func (f *Folder) Find(path string, accept []string) (*File, error) {
	name, ok := nameOf(path)
	if !ok {
		return nil, ErrNone
	}
	file, info, err := f.open(name)
	switch {
	case err == errFolder && path != "" && !strings.HasSuffix(path, "/"):
		return f.index(name + "/" + indexName)
	case err != nil:
		return nil, none(err)
	case path == "":
		file.Close()
		return &File{redirect: true, options: f.options}, nil
	}
	return f.prepare(name, file, info, accept), nil
}

// index answers for a folder that was asked for without a slash at its end: if it has an index, that is found behind one.
func (f *Folder) index(name string) (*File, error) {
	file, _, err := f.open(name)
	if err != nil {
		return nil, none(err)
	}
	file.Close()
	return &File{redirect: true, options: f.options}, nil
}

// Missing opens the folder's 404.html, for requests that nothing answers. Its errors are those of Find.
func (f *Folder) Missing(accept []string) (*File, error) {
	file, info, err := f.open(missingName)
	if err != nil {
		return nil, none(err)
	}
	found := f.prepare(missingName, file, info, accept)
	found.missing = true
	return found, nil
}

// prepare makes an open file one to be served, in the coding that the client likes best of those that lie beside it.
func (f *Folder) prepare(name string, file *os.File, info fs.FileInfo, accept []string) *File {
	found := &File{file: file, info: info, contentType: typeOf(name), options: f.options, accept: accept}
	found.vary = coding.Compressible(found.contentType)
	if found.vary {
		f.substitute(found, name, accept)
	}
	return found
}

var errFolder = errors.New("is a folder")

// open opens a regular file. What is none does not answer: opening a FIFO must not wait for somebody to write to it.
func (f *Folder) open(name string) (*os.File, fs.FileInfo, error) {
	file, err := f.root.OpenFile(name, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, nil, reason(err)
	}
	info, err := file.Stat()
	switch {
	case err == nil && info.Mode().IsRegular():
		return file, info, nil
	case err == nil && info.IsDir():
		err = errFolder
	case err == nil:
		err = ErrNone
	}
	file.Close()
	return nil, nil, err
}

// reason tells what is not there, and what leads out of the folder, from what cannot be read.
func reason(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNone
	}
	var number syscall.Errno
	switch {
	case errors.Is(err, os.ErrClosed):
		return os.ErrClosed
	case !errors.As(err, &number):
		return fmt.Errorf("%w: %w", ErrNone, err) // os.Root's own: the path, or a link on it, leaves the folder
	}
	switch number {
	case syscall.ENOTDIR, syscall.ELOOP, syscall.ENAMETOOLONG, syscall.EINVAL, syscall.ENXIO:
		return ErrNone
	}
	return err
}

// none is for names that were not asked for: a folder in the place of a file is none.
func none(err error) error {
	if err == errFolder {
		return ErrNone
	}
	return err
}
