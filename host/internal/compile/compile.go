// Package compile turns WebAssembly into code that a runtime can run, in bounded time and memory, and never trusts what lies
// on disk.
//
// Three places take part. A child process of the same binary compiles, under limits of the operating system, into a folder
// made for that one module. The store keeps what came out, under a key of all that decides it and with a checksum over all of
// it. The staging folder, which belongs to this process alone, holds one file for the moment in which the runtime reads it:
// wazero takes compiled code only from a folder that it was given when it was made, and compiles in process, without a word,
// what it does not find there.
//
// So the serving process decodes no module that has not been compiled elsewhere before. Where there can be no child, because
// the program does not call [Main], it compiles in process, and the reader of modules must have bounded what that costs.
package compile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
)

// Options configures a Compiler.
type Options struct {
	// Dir keeps compiled modules across runs. "" keeps none.
	Dir string
	// MaxBytes caps what Dir holds; those that were not used for longest are removed first. 0 is 1 GiB.
	MaxBytes int64
	// Parallel caps how many modules are compiled at once. 0 is one for each processor that Go may use.
	Parallel int
	// Build names what decides how compiled code looks, beside the module. "" is found out from the running program.
	Build string
	// Log takes one warning when compiled modules cannot be kept. Never nil.
	Log *slog.Logger
}

// Bounds is what compiling one module may take.
type Bounds struct {
	// CPU is processor time; 0 is 30 s.
	CPU time.Duration
	// Wall is time on the clock; 0 is four times CPU, since compilers give way to whoever serves requests.
	Wall time.Duration
	// Memory is in bytes; 0 is 1 GiB.
	Memory int64
}

func (b Bounds) orDefaults() Bounds {
	if b.CPU == 0 {
		b.CPU = 30 * time.Second
	}
	if b.Wall == 0 {
		b.Wall = 4 * b.CPU
	}
	if b.Memory == 0 {
		b.Memory = 1 << 30
	}
	return b
}

// Compiler loads modules into one runtime, which it owns. Its methods may be called concurrently.
type Compiler struct {
	runtime wazero.Runtime
	cache   wazero.CompilationCache
	staging *staging // nil where no folder can be had
	store   *store   // nil where nothing is kept
	flights flights
	slots   chan struct{} // one token for each module that is being compiled
	build   string
	self    string // the build of the running program: a child's must be the same
	log     *slog.Logger
	warned  sync.Once
	closed  atomic.Bool

	mu     sync.Mutex
	loaded map[Key]*Code // that somebody uses
}

// New starts a compiler and its runtime. Folders that cannot be used cost time later and a warning now.
func New(ctx context.Context, options Options) *Compiler {
	c := &Compiler{build: options.Build, self: thisBuild(), log: options.Log, loaded: map[Key]*Code{}}
	if c.build == "" {
		c.build = c.self
	}
	if options.Parallel <= 0 {
		options.Parallel = runtime.GOMAXPROCS(0)
	}
	c.slots = make(chan struct{}, options.Parallel)
	if c.build == "" && options.Dir != "" {
		c.warn("compiled modules are not kept", errors.New("the program does not say which compiler it was built with, and cannot be read"))
		options.Dir = ""
	}
	c.openFolders(options)
	var err error
	if c.staging != nil {
		if c.runtime, c.cache, c.staging.code, err = newRuntime(ctx, c.staging.dir); err == nil {
			return c
		}
		c.withoutFolders(err)
	}
	c.runtime, _, _, _ = newRuntime(ctx, "") // without a folder nothing can fail
	return c
}

// openFolders finds a place for the staging folder: among the kept modules, where nobody else can reach it, or else in the
// system's folder of temporary files.
func (c *Compiler) openFolders(options Options) {
	places := []string{os.TempDir()}
	if options.Dir != "" {
		if options.MaxBytes <= 0 {
			options.MaxBytes = 1 << 30
		}
		var err error
		if c.store, err = openStore(options.Dir, options.MaxBytes); err != nil {
			c.log.Warn("compiled modules are not kept: the cache folder cannot be used", "dir", options.Dir, "error", err)
		} else {
			places = []string{c.store.dir, os.TempDir()}
		}
	}
	var problems []error
	for _, place := range places {
		var err error
		if c.staging, err = newStaging(place); err == nil {
			return
		}
		problems = append(problems, err)
	}
	c.withoutFolders(errors.Join(problems...))
}

// withoutFolders gives up on compiling elsewhere and on keeping anything.
func (c *Compiler) withoutFolders(err error) {
	c.warn("compiled modules are not kept: no folder can be had to hand them over", err)
	c.closeFolders()
	c.staging, c.store = nil, nil
}

// Runtime is the runtime that modules are loaded into. Close closes it.
func (c *Compiler) Runtime() wazero.Runtime { return c.runtime }

// Load compiles a module, or takes the code from the store, or from those who have loaded it before. The caller closes it. Of
// equal modules one is loaded after the other. An error is an [*Error], or ctx's cause if ctx was done first; a folder that
// cannot be read or written is none.
func (c *Compiler) Load(ctx context.Context, data []byte, bounds Bounds) (*Code, error) {
	key := c.key(data)
	unlock, err := c.flights.lock(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	defer unlock()
	if c.closed.Load() {
		return nil, errors.New("compile: the compiler is closed")
	}
	if code := c.share(key); code != nil {
		return code, nil
	}
	if c.staging != nil {
		leave, err := c.staging.enter()
		if err != nil {
			return nil, fmt.Errorf("compile: %w", err)
		}
		defer leave()
	}
	code := c.fromStore(key, data)
	if code == nil {
		if code, err = c.compile(ctx, key, data, bounds.orDefaults()); err != nil {
			return nil, err
		}
	}
	return c.add(code), nil
}

// warn logs the first trouble with folders: what makes one file fail would fill the log with all the others.
func (c *Compiler) warn(message string, err error) {
	c.warned.Do(func() { c.log.Warn(message+"; further troubles of the kind are not logged", "error", err) })
}

// Close closes the runtime with all that was loaded into it, and removes the staging folder. No guest may be running and
// nothing may be loading. It may be called twice.
func (c *Compiler) Close(ctx context.Context) error {
	c.closed.Store(true)
	err := c.runtime.Close(ctx)
	if c.cache != nil {
		err = errors.Join(err, c.cache.Close(ctx))
	}
	c.closeFolders()
	return err
}

func (c *Compiler) closeFolders() {
	if c.staging != nil {
		c.staging.close()
	}
	if c.store != nil {
		c.store.close()
	}
}
