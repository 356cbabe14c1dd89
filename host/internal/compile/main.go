package compile

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// mainCalled is the one piece of state that belongs to the process and not to a Compiler, because it is a fact about the
// program: its main function calls [Main]. A program that does not would, started as a child, do whatever else it does, and
// start children of its own.
var mainCalled atomic.Bool

// Main is to be called first thing in the program's main function. It returns at once, unless the process was started to
// compile a module: then it does that, and exits.
func Main() {
	text, ok := os.LookupEnv(variable)
	if !ok {
		mainCalled.Store(true)
		return
	}
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", variable, err)
		os.Exit(2)
	}
	(&worker{order: o, in: os.Stdin, out: os.Stdout}).run()
}

// worker is a child's whole life.
type worker struct {
	order order
	in    io.Reader
	out   io.Writer
	once  sync.Once
}

func (w *worker) run() {
	if w.order.Build != thisBuild() {
		w.end(answer{Kind: KindHost, Message: "the program's file was replaced since it started; restart it"})
	}
	// The terminal and the service manager send these to all processes of a group: ours is for the one that serves to end.
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	runtime.GOMAXPROCS(2) // one compiles, one collects garbage and watches
	// The garbage collector tries harder as the limit comes near; the watcher ends what goes beyond it all the same.
	debug.SetMemoryLimit(w.order.Bounds.Memory / 8 * 7)
	restrict(w.order.Bounds)
	go w.watch()
	data, err := w.read()
	if err != nil {
		w.end(answer{Kind: KindHost, Message: "a child process could not read the module: " + err.Error()})
	}
	go func() {
		_, _ = io.Copy(io.Discard, w.in)
		os.Exit(1) // whoever wanted to know is gone
	}()
	w.look() // a small module may be done before the watcher begins
	w.compile(data)
}

// end says what came out, and exits. The first one to call it is heard.
func (w *worker) end(a answer) {
	w.once.Do(func() {
		if err := json.NewEncoder(w.out).Encode(a); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	})
}

func (w *worker) read() ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(w.in, head[:]); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint64(head[:])
	if size > math.MaxInt32 {
		return nil, fmt.Errorf("it has %d bytes", size)
	}
	data := make([]byte, size)
	_, err := io.ReadFull(w.in, data)
	return data, err
}

// maxMessage bounds what of a compiler's error reaches the log: it may quote the module.
const maxMessage = 2 << 10

func (w *worker) compile(data []byte) {
	dir := ""
	if w.order.Keep {
		dir = "." // made for this module alone
	}
	err := fill(dir, data)
	if err == nil {
		w.end(answer{})
	}
	refused, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
		w.end(answer{Unkept: err.Error()})
	case refused.Kind == KindCrash && outOfMemory(refused.Message):
		w.end(answer{Kind: KindMemory})
	default:
		w.end(answer{Kind: refused.Kind, Message: refused.Message[:min(len(refused.Message), maxMessage)]})
	}
}

// outOfMemory reports whether a panic, or the end of Go's runtime, came from the system's limit.
func outOfMemory(text string) bool {
	for _, part := range []string{"out of memory", "cannot allocate memory", "failed to allocate" /* the race detector */} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
