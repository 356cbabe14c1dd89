package compile

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// order is what a child is asked for, beside the module. It travels in the environment, where other programs do not look.
type order struct {
	// Build must be the child's own: an upgrade may have put another program into its place.
	Build  string
	Bounds Bounds
	// Keep says that the code goes into the current folder. Without it the child only shows that the module compiles.
	Keep bool
}

// answer is what a child says on standard output, as its last act. An empty Kind is success, and Unkept then says why the
// code could not be written.
type answer struct {
	Kind    Kind   `json:",omitempty"`
	Message string `json:",omitempty"`
	Unkept  string `json:",omitempty"`
}

// forRace makes a child with the race detector end at once; it would sleep for a second first.
const forRace = "GORACE=atexit_sleep_ms=0"

// variable makes a process a compiler. Its value is an order.
const variable = "WASGI_INTERNAL_COMPILER"

var (
	// errNoFolder says that no folder is to be had, which was logged before.
	errNoFolder = errors.New("there is no folder to compile into")
	errWall     = errors.New("the child has had its time")
)

// produce compiles a module elsewhere and returns its code. An error that is no [*Error] says that the module compiles within
// the bounds and that its code could not be written or read, or that ctx is done.
func (c *Compiler) produce(ctx context.Context, data []byte, bounds Bounds) (artifact, error) {
	folder, unkept := "", errNoFolder
	if c.staging != nil {
		if folder, unkept = c.staging.folder(); unkept == nil {
			defer func() { _ = os.RemoveAll(folder) }() // else it goes with all of the staging folder
		}
	}
	var err error
	switch {
	case mainCalled.Load():
		err = c.child(ctx, folder, data, bounds)
	case unkept == nil:
		err = fill(folder, data)
	}
	if err = errors.Join(err, unkept); err != nil {
		return artifact{}, err
	}
	return collect(folder)
}

// child runs a child and returns what it has to say. The process has ended, and been waited for, when it returns.
func (c *Compiler) child(ctx context.Context, folder string, data []byte, bounds Bounds) error {
	text, err := json.Marshal(order{Build: c.self, Bounds: bounds, Keep: folder != ""})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, bounds.Wall, errWall)
	defer cancel()
	stdout, stderr := &capture{}, &capture{}
	cmd := exec.CommandContext(ctx, program())
	cmd.Args = []string{"wasgi-compile"}
	cmd.Env = []string{variable + "=" + string(text), forRace}
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, stdout, stderr
	cmd.WaitDelay = time.Second // after a kill nothing more is worth waiting for
	err = start(cmd, data)
	switch cause := context.Cause(ctx); {
	case err == nil:
	case errors.Is(cause, errWall):
		return exceeded(KindWall, bounds)
	case cause != nil:
		return cause
	}
	return verdict(cmd.ProcessState, err, stdout, stderr, bounds)
}

// start runs the process to its end. Its standard input stays open until then: that it ends tells the child that we are gone.
func start(cmd *exec.Cmd, data []byte) error {
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var writing sync.WaitGroup
	writing.Go(func() {
		// A child that does not read to the end has its reasons, and says them.
		if _, err := stdin.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(data)))); err == nil {
			_, _ = stdin.Write(data)
		}
	})
	err = cmd.Wait() // closes stdin
	writing.Wait()
	return err
}

// verdict makes sense of how a child ended. One that was ended by the system, or by Go's runtime, has no answer.
func verdict(state *os.ProcessState, err error, stdout, stderr *capture, bounds Bounds) error {
	if state == nil {
		return &Error{Kind: KindHost, Message: "a child process could not be started: " + err.Error()}
	}
	var a answer
	if err == nil && json.Unmarshal(stdout.Bytes(), &a) == nil {
		return a.err(bounds)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
	switch {
	case state.UserTime()+state.SystemTime() >= bounds.CPU:
		return exceeded(KindCPU, bounds)
	case outOfMemory(line):
		return exceeded(KindMemory, bounds)
	case line == "":
		line = state.String()
	}
	return &Error{Kind: KindCrash, Message: "the compiler crashed: " + line}
}

// err is what an answer stands for.
func (a answer) err(bounds Bounds) error {
	switch a.Kind {
	case KindCPU, KindMemory:
		return exceeded(a.Kind, bounds)
	case "":
		if a.Unkept != "" {
			return errors.New(a.Unkept)
		}
		return nil
	}
	return &Error{Kind: a.Kind, Message: a.Message}
}

// capture keeps the first bytes that are written to it.
type capture struct{ bytes.Buffer }

const maxCapture = 16 << 10

// Write never fails: a child must not block on what it has to say.
func (c *capture) Write(p []byte) (int, error) {
	if room := maxCapture - c.Len(); room > 0 {
		c.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

var _ io.Writer = (*capture)(nil)
