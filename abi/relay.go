package abi

// The import modules through which a guest has another exchange played: that of what stands behind it, if it is middleware, and those
// of other apps that it was granted.
const (
	NextModule = "wasgi_next_v1"
	AppsModule = "wasgi_apps_v1"
)

// The functions a guest may import from [NextModule] and [AppsModule].
const (
	ImportCall     = "call"
	ImportReadHead = "read_head"
	ImportReadBody = "read_body"
	ImportClose    = "close"
)

// StatusKey is the key of the first pair of a head, whose value is the status.
const StatusKey = ":status"

// Bounds of the exchanges that a guest has played.
const (
	// MaxCalls is how many of them one exchange may have open at once.
	MaxCalls = 16
	// MaxCallDepth is how deep calls of apps may lie in one another.
	MaxCallDepth = 8
)
