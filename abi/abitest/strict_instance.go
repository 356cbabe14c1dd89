package abitest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/abi"
)

// strictInstance is one instance of the guest.
type strictInstance struct {
	*strictHost
	module   api.Module
	environ  buffer
	exchange *exchange    // nil outside of application
	event    *strictEvent // nil outside of websocket_message
	sockets  *sockets
	// ended is why a host function has ended the call.
	ended error
}

// buffer is memory that the guest gave away.
type buffer struct{ ptr, size uint32 }

// instance makes an instance and has it ready for a request; nil if that fails, which is a finding.
func (h *strictHost) instance(ctx context.Context, warm bool) *strictInstance {
	i := &strictInstance{strictHost: h, sockets: &sockets{}}
	h.current = i
	h.judge.touch(ruleInit)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions().WithArgs("app").WithRandSource(rand.Reader).
		WithWalltime(h.clock.wall, 1).WithNanotime(h.clock.nano, 1).WithNanosleep(h.clock.sleep)
	err := h.within(ctx, func(ctx context.Context) (err error) {
		i.module, err = h.runtime.InstantiateModule(ctx, h.module, config)
		return err
	})
	if err != nil {
		rule := ruleInit
		if strings.Contains(err.Error(), "not instantiated") || strings.Contains(err.Error(), "import ") {
			rule = ruleImports
		}
		h.judge.find(rule, "an instance cannot be made: %v", i.why(err))
		return nil
	}
	steps := []string{abi.ExportInitialize}
	if warm {
		steps = append(steps, abi.ExportWarmUp)
	}
	for _, name := range steps {
		if i.module.ExportedFunction(name) == nil {
			continue
		}
		if _, err := i.call(ctx, name); err != nil {
			h.judge.find(ruleInit, "%s does not return: %v", name, err)
			return nil
		}
	}
	if !i.allocate(ctx, abi.EnvironBuffer) {
		return nil
	}
	return i
}

func (i *strictInstance) close() {
	if !i.lost && i.module != nil {
		_ = i.module.Close(context.Background())
	}
}

// call calls an export. The error says in words what ended the call.
func (i *strictInstance) call(ctx context.Context, name string, params ...uint64) (uint64, error) {
	i.current, i.ended = i, nil
	var results []uint64
	err := i.within(ctx, func(ctx context.Context) (err error) {
		results, err = i.module.ExportedFunction(name).Call(ctx, params...)
		return err
	})
	if err != nil {
		return 0, i.why(err)
	}
	if len(results) == 0 {
		return 0, nil
	}
	return results[0], nil
}

// why prefers what a host function has ended the call for. Of a trap it keeps what the engine says of the guest, and leaves its
// own frames out.
func (i *strictInstance) why(err error) error {
	if i.ended != nil {
		return i.ended
	}
	if errors.Is(err, errTime) || errors.Is(err, errGrace) {
		return err
	}
	text, _, _ := strings.Cut(err.Error(), "\nGo runtime stack trace")
	cause, stack, _ := strings.Cut(strings.TrimPrefix(text, "wasm error: "), "\nwasm stack trace:\n")
	var frames []string
	for line := range strings.Lines(stack) {
		if frame := strings.TrimPrefix(strings.TrimSpace(line), "."); frame != "" && len(frames) < mostFrames {
			frames = append(frames, frame)
		}
	}
	if len(frames) == 0 {
		return errors.New(cause)
	}
	return fmt.Errorf("%s in %s", cause, strings.Join(frames, ", called by "))
}

// mostFrames is how much of a stack is told.
const mostFrames = 5

// allocate asks for a buffer of that size. What is wrong with it is a finding.
func (i *strictInstance) allocate(ctx context.Context, size uint32) bool {
	j := i.judge
	for _, rule := range []string{ruleAllocate, ruleAligned, ruleInside} {
		j.touch(rule)
	}
	result, err := i.call(ctx, abi.ExportAllocate, uint64(size))
	ptr := uint32(result)
	switch {
	case err != nil:
		j.find(ruleAllocate, "allocate(%d) does not return: %v", size, err)
	case ptr == 0:
		j.find(ruleAllocate, "allocate(%d) returned 0", size)
	case ptr%abi.Alignment != 0:
		j.find(ruleAligned, "allocate(%d) returned %d", size, ptr)
	case uint64(ptr)+uint64(size) > uint64(i.module.Memory().Size()):
		j.find(ruleInside, "allocate(%d) returned %d, and the memory has %d bytes", size, ptr, i.module.Memory().Size())
	default:
		i.environ = buffer{ptr, size}
		return true
	}
	return false
}

// place puts an environ where application finds it, and fill, if there is any, all over the buffer before.
func (i *strictInstance) place(ctx context.Context, environ, fill []byte) bool {
	if size := uint32(len(environ)); size > i.environ.size && !i.allocate(ctx, size) {
		return false
	}
	view, ok := i.module.Memory().Read(i.environ.ptr, i.environ.size)
	if !ok {
		panic(fmt.Sprintf("abitest: memory has shrunk to %d bytes", i.module.Memory().Size()))
	}
	if len(fill) > 0 {
		copy(view, bytes.Repeat(fill, len(view)/len(fill)))
	}
	copy(view, environ)
	return true
}
