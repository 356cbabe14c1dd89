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

// Settings is what one app runs under: the manifest with the defaults filled in. Sizes are bytes; a zero means no limit
// where the field says so.
type Settings struct {
	// Timeout runs from the request's arrival to the first byte of the response's body.
	Timeout time.Duration
	// WriteTimeout is how long one block of a body may make no progress, in either direction, once the response has begun.
	WriteTimeout time.Duration
	// MaxDuration bounds the whole exchange; 0 is no bound.
	MaxDuration time.Duration
	// CPU is how much processor time one exchange may take, and making one instance; 0 is no bound.
	CPU time.Duration
	// HostCalls is how often a guest may call the host in one exchange, and while one instance is made; 0 is no bound.
	HostCalls int64

	// Memory caps the linear memory of one instance.
	Memory int64
	// Stack caps what the frames of a guest's calls take.
	Stack int64
	// Tables caps the entries of all tables of one instance together.
	Tables int

	// MaxEnviron caps a request's variables, encoded; the granted environment is not counted. 0 is no bound.
	MaxEnviron int64
	// MaxBody caps the request's body.
	MaxBody int64
	// MaxResponse caps the response's body; 0 is no bound.
	MaxResponse int64
	// MinRate is how many bytes a second a client must send of its body, until the response has begun, or take of the response's,
	// on average over the time that the app waits for it; 0 is no bound.
	MinRate int64
	// Compress says whether responses are compressed for clients that take it.
	Compress bool

	// MinInstances are kept ready while the app is used; MaxInstances may run at once.
	MinInstances, MaxInstances int
	// MaxRequests is how many requests one instance serves at most; 0 is no bound.
	MaxRequests int
	// MaxLifetime is the age at which an instance is replaced; 0 is no bound.
	MaxLifetime time.Duration
	// IdleTimeout is how long an app must have had no request for its instances to be closed; 0 is never, and keeps the
	// app from being unloaded.
	IdleTimeout time.Duration
	// QueueTimeout is how long a request waits for an instance.
	QueueTimeout time.Duration
	// QueueLength is how many requests may wait for an instance at once; 0 is no bound.
	QueueLength int
	// QuarantineAfter is how many faults in a row put a generation into quarantine; 0 is never.
	QuarantineAfter int

	// MaxModule caps the module's file.
	MaxModule int64
	// CompileTimeout and CompileMemory bound compiling it.
	CompileTimeout time.Duration
	CompileMemory  int64

	// WebSocket is what the app's WebSocket connections are held to.
	WebSocket WebSocket

	// LogLines is how many lines a second the app may log, over all its instances; 0 is no bound.
	LogLines int

	// Isolation says what one request may see of another.
	Isolation Isolation
	// Env is the environment granted to the guest, as "KEY=VALUE".
	Env []string
	// Middleware are the names of what stands before the app, the outermost first.
	Middleware []string
	// Apps are the names of the apps that this one may call.
	Apps []string
	// Config is what a middleware that asks for its configuration is given.
	Config string
}
