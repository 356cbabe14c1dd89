// Package guest holds the words that the rooms of the host share, so that none of them needs to import its neighbour: what
// an exchange is, what a kind of guest must offer, what a fault looks like, and which limits an app runs under.
//
// A module is compiled code, shared and immutable; an instance is one running, single-threaded copy of it with a memory of
// its own. A [Program] holds the module, an [Instance] the copy.
package guest

import (
	"context"
	"log/slog"
	"time"

	"github.com/wasgi/wasgi/abi/wire"
)

// Exchange is one request and its response as a guest's host calls see them. The gateway implements it. All its methods
// are called from the one goroutine that serves the request.
//
// An error that is an [abi.Code] goes to the guest, which may carry on. Any other error ends the call: no guest code runs
// after it.
type Exchange interface {
	// Environ returns the request's variables, encoded. The bytes are valid until the exchange ends. extra is appended: what
	// a kind adds for its own guests. It is called once.
	Environ(extra []wire.Pair) ([]byte, error)
	// StartResponse stores status and headers until the first of the body is sent. It copies what it keeps. excInfo says that
	// an earlier call is to be replaced.
	StartResponse(status []byte, headers []wire.Pair, excInfo bool) error
	// Write sends one block of the body, and returns when the connection has taken all of it.
	Write(block []byte) error
	// Finish sends the returned body, if any, and ends the response. Nothing may be called after it.
	Finish(body []byte) error
	// Read reads from the request's body into p: 0 and no error is its end. It may have written anywhere in p, whatever it returns.
	Read(p []byte) (int, error)
	// Log returns the logger for what the guest writes. It carries the app's name and the request's id, and drops what is more
	// than the app may log.
	Log() *slog.Logger
}

// Excuser is an Exchange that knows whether its client has broken it off, or broken a limit.
type Excuser interface {
	// Excused reports that it has: what the guest made of that is not held against its app.
	Excused() bool
}

// Accountant is an Instance that can tell what its last exchange took. `wasgi bench` asks; serving does not.
type Accountant interface {
	// GuestTime is the processor time of the guest's own code.
	GuestTime() time.Duration
}

// File is what was found in the apps folder: a name for messages, and bytes that were read once.
type File struct {
	Name string
	Data []byte
}

// Kind is one kind of guest: what it recognises, and how it makes a program of it.
type Kind interface {
	// Name is the word that `wasgi` prints for this kind.
	Name() string
	// Detect says whether the file is of this kind, from its bytes alone, and why or why not.
	Detect(File) (ok bool, why string)
	// Examine says what the kind uses of a file that it recognises, and what Load would refuse, as far as that can be told
	// without compiling it.
	Examine(File, Settings) Findings
	// Load compiles and checks the file. The error says which function, import or limit is wrong.
	Load(ctx context.Context, file File, settings Settings, log *slog.Logger) (Program, error)
}

// Findings is what a kind has to say of a file that was not loaded.
type Findings struct {
	// Uses are the exports that guests of the kind are called through, in the order in which they come into play, whether the
	// file has them or not.
	Uses []Use
	// Problems are why the file cannot be loaded, one line each.
	Problems []error
}

// Use is one export and what the kind does with it.
type Use struct {
	// Name is the export's. Type is as engine and specification write it, "" of a memory.
	Name, Type string
	// Purpose follows the name in a list: "one call a request".
	Purpose string
}

// Program is a loaded module with the settings it runs under. Its methods may be called concurrently.
type Program interface {
	// Kind is the name of the program's kind.
	Kind() string
	// Isolation is what one request may see of another. Where that is not what the settings ask for, why says what is in the way.
	Isolation() (isolation Isolation, why string)
	// New makes an instance and initialises it. A fault's phase is [PhaseInit].
	New(ctx context.Context) (Instance, error)
	// Bytes is about how much memory the program takes while it has no instance. Of what several programs share it is a part.
	Bytes() int64
	// Close releases the module. All instances must have been closed.
	Close() error
}

// Instance is one running copy of a program. It serves one exchange at a time and is not safe for concurrent use.
type Instance interface {
	// Serve plays one exchange. After an error the instance must be closed and never used again.
	Serve(ctx context.Context, exchange Exchange) error
	// Reset makes the instance ready for the next exchange, and reports whether it can be: false means that it must be closed.
	Reset() bool
	// Bytes is the size of the instance's memory.
	Bytes() int64
	// Close releases the instance.
	Close()
}
