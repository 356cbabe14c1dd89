package compile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
)

// runtimeConfig is what all runtimes are made with, wherever they are: compiled code depends on it.
func runtimeConfig() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfig()
}

// starting is held while a runtime is made: wazero then notes its own version in a variable of its own, without a lock.
var starting sync.Mutex

// newRuntime makes a runtime that reads and writes compiled code below dir, in the folder code; "" is none. The cache is to be
// closed after the runtime.
func newRuntime(ctx context.Context, dir string) (r wazero.Runtime, cache wazero.CompilationCache, code string, err error) {
	starting.Lock()
	defer starting.Unlock()
	config := runtimeConfig()
	if dir != "" {
		if cache, err = wazero.NewCompilationCacheWithDir(dir); err != nil {
			return nil, nil, "", err
		}
		if code, err = onlyFolder(dir); err != nil {
			return nil, nil, "", err
		}
		config = config.WithCompilationCache(cache)
	}
	return wazero.NewRuntimeWithConfig(ctx, config), cache, code, nil
}

// onlyFolder finds the folder that wazero has made in dir. Its name tells version and platform.
func onlyFolder(dir string) (string, error) {
	found, err := filepath.Glob(filepath.Join(dir, "wazero-*"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("%d folders of compiled code in %s, want one: %w", len(found), dir, errors.Join(err, os.ErrInvalid))
	}
	return found[0], nil
}

// errMissed is why open returns no module: the runtime found no code and would have had to compile.
var errMissed = errors.New("the runtime found no compiled code for the module")

// open makes the runtime take compiled code from its memory or its folder, or fail, but never compile: of the two workers
// that it would compile with, both look at the context first, and the context is done. It does decode the module.
func (c *Compiler) open(data []byte) (wazero.CompiledModule, error) {
	done, cancel := context.WithCancelCause(context.Background())
	cancel(errMissed)
	return c.enter(experimental.WithCompilationWorkers(done, 2), data)
}

// direct compiles in this process.
func (c *Compiler) direct(data []byte) (wazero.CompiledModule, error) {
	module, err := c.enter(oneWorker(context.Background()), data)
	if err == nil {
		return module, nil
	}
	// The runtime shows a module to others before it writes it to its folder: if that alone has failed, it is there now, and
	// counts the call that failed as a user of it.
	if module, missed := c.open(data); missed == nil {
		return module, module.Close(context.Background())
	}
	return nil, asError(err)
}

// enter is the one place where the runtime sees a module.
func (c *Compiler) enter(ctx context.Context, data []byte) (module wazero.CompiledModule, err error) {
	defer recoverInto(&err)
	return c.runtime.CompileModule(ctx, data)
}

// oneWorker makes the compiler work on the goroutine that calls it: a panic on another could not be recovered.
func oneWorker(ctx context.Context) context.Context {
	return experimental.WithCompilationWorkers(ctx, 1)
}

// recoverInto is to be deferred around the compiler: it is large and eats strangers' input, and a panic of its must cost this
// one file alone.
func recoverInto(err *error) {
	if r := recover(); r != nil {
		*err = &Error{Kind: KindCrash, Message: fmt.Sprintf("the compiler panicked: %v", r)}
	}
}

// fill compiles a module with a runtime of its own, so that its code lies in dir; with "" it only shows that it compiles. An
// error that is no [*Error] says that the module is good and that dir could not be written.
func fill(dir string, data []byte) error {
	ctx := oneWorker(context.Background())
	c := &Compiler{}
	var err error
	if c.runtime, c.cache, _, err = newRuntime(ctx, dir); err != nil {
		c.runtime, c.cache, _, _ = newRuntime(ctx, "")
	}
	defer func() { _ = c.Close(ctx) }() // it has read no file whose closing could fail
	_, compileErr := c.enter(ctx, data)
	if compileErr == nil {
		return err
	}
	if _, missed := c.open(data); missed == nil {
		return compileErr // of writing
	}
	return asError(compileErr)
}
