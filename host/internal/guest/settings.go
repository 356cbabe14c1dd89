package guest

import "time"

// Isolation says what one request may see of another.
type Isolation string

const (
	// IsolationRequest gives every request the state that initialisation left behind.
	IsolationRequest Isolation = "request"
	// IsolationInstance lets state live on between the requests of one instance.
	IsolationInstance Isolation = "instance"
	// IsolationFresh makes and initialises a new instance for every request.
	IsolationFresh Isolation = "fresh"
)

// Settings is what one app runs under: the manifest with the defaults filled in. Sizes are bytes; a zero duration means
// no limit where the field says so.
type Settings struct {
	// Timeout runs from the request's arrival to the first byte of the response's body.
	Timeout time.Duration
	// WriteTimeout is how long one block of a body may make no progress, in either direction, once the response has begun.
	WriteTimeout time.Duration
	// MaxDuration bounds the whole exchange; 0 is no bound.
	MaxDuration time.Duration
	// QueueTimeout is how long a request waits for an instance.
	QueueTimeout time.Duration
	// Memory caps the linear memory of one instance.
	Memory int64
	// MaxBody caps the request's body.
	MaxBody int64
	// MinInstances are kept ready; MaxInstances may run at once.
	MinInstances, MaxInstances int
	// Isolation says what one request may see of another.
	Isolation Isolation
	// Env is the environment granted to the guest, as "KEY=VALUE".
	Env []string
}
