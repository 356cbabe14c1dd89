package guest

import (
	"context"
	"iter"
)

// Next plays what stands behind a middleware: the middleware after it, and the app at the end. It may be called once. An error is
// that of whoever failed there; the exchange cannot go on after it.
type Next func(ctx context.Context, exchange Exchange) error

// Wrapper is an Instance that can stand before others: a middleware.
type Wrapper interface {
	Instance
	// ServeNext is Serve with what stands behind the instance, which is called at most once. What it is given may be another
	// Exchange: one that changes the request on its way in, and the response on its way out. An error that next returns is
	// passed on, and the same holds for the instance then as after any other.
	ServeNext(ctx context.Context, exchange Exchange, next Next) error
}

// Wrapping is a Program whose instances may be [Wrapper]s.
type Wrapping interface {
	// Wraps reports whether they are.
	Wraps() bool
}

// Fielded is an Exchange that knows the request's header fields one by one, as no environ does: there repeated ones are joined.
type Fielded interface {
	// Fields are the names and values of those that the environ holds in some form, in an order in which those of one name
	// keep theirs; nil where nobody knows better than the environ.
	Fields() iter.Seq2[string, string]
}
