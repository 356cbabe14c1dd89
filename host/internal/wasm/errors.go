package wasm

import (
	"fmt"
	"strings"
)

// Kind says why a module was refused.
type Kind string

const (
	// KindMalformed: the bytes are no valid module.
	KindMalformed Kind = "malformed"
	// KindLimit: the module is over one of the [Limits].
	KindLimit Kind = "limit"
	// KindUnsupported: the module uses a feature that this host does not run.
	KindUnsupported Kind = "unsupported"
	// KindForbidden: the module imports or exports what no guest may.
	KindForbidden Kind = "forbidden"
)

// Error is why a module was refused, and where.
type Error struct {
	Kind Kind
	// Section is the section's name, such as "code"; "" stands for the module as a whole.
	Section string
	// Item is the entry of the section, such as "function 3", with the number that other tools print; "" where there is none.
	Item string
	// Offset is where it was noticed, in bytes from the file's start.
	Offset int
	// Message is what was wrong, with the limit if there is one.
	Message string
}

// Error gives section, item and offset before the message.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("wasm: ")
	if e.Section != "" {
		b.WriteString(e.Section + " section, ")
	}
	if e.Item != "" {
		b.WriteString(e.Item + ", ")
	}
	fmt.Fprintf(&b, "offset %#x: %s", e.Offset, e.Message)
	return b.String()
}
