// Package abi names the contract between a wasgi host and a guest: modules, functions, limits and codes.
//
// SPEC.md beside this file is the contract in words; this package is the same contract as constants, so that a search for
// one name finds the host's side, the guest's side and the text. It imports nothing, since guests are compiled with it.
package abi

// Version is the version of the contract that this package describes. Version 1 is frozen once it is released: additions
// come as further import modules and never change this one.
const Version = 1

// Module is the name of the import module that holds the host's functions.
const Module = "wasgi_v1"

// The names a guest exports. Memory, Allocate and Application are required. Initialize is called once, before anything
// else, if the guest exports it, and WarmUp after it, where the state that it leaves behind serves more than one request.
const (
	ExportMemory      = "memory"
	ExportAllocate    = "allocate"
	ExportApplication = "application"
	ExportInitialize  = "_initialize"
	ExportWarmUp      = "warm_up"
)

// The functions a guest may import from [Module].
const (
	ImportStartResponse = "start_response"
	ImportWrite         = "write"
	ImportInputRead     = "input_read"
	ImportErrorsWrite   = "errors_write"
)

// EnvironPrefix precedes the name of a granted environment variable in the environ of a guest that has no WASI:
// "GREETING=hi" arrives as the key "wasgi.env.GREETING".
const EnvironPrefix = "wasgi.env."

// Sizes in bytes, except MaxHeaders, which is a count.
const (
	// EnvironBuffer is the size of the buffer the host asks allocate for, once for each instance. An environ that fits is
	// written there; a larger one makes the host ask again.
	EnvironBuffer = 16 << 10
	// Alignment is what a pointer from allocate must be divisible by.
	Alignment = 8
	// MaxStatus bounds the status line given to start_response.
	MaxStatus = 512
	// MaxHeaderBytes bounds the encoded header list given to start_response.
	MaxHeaderBytes = 256 << 10
	// MaxHeaders bounds how many headers that list may hold.
	MaxHeaders = 1000
	// MaxErrorsWrite is how much of one errors_write reaches the log; the rest is dropped.
	MaxErrorsWrite = 64 << 10
)

// Code is what an imported function returns, negated, when it refuses a call. A Code is an error on both sides of the
// boundary.
type Code int32

const (
	// CodeFault: a pointer and length do not lie within the guest's memory.
	CodeFault Code = 1
	// CodeInvalid: a status or a header list is malformed.
	CodeInvalid Code = 2
	// CodeForbidden: a header belongs to the connection and is the host's to set.
	CodeForbidden Code = 3
	// CodeState: the call is not allowed now.
	CodeState Code = 4
	// CodeTooLarge: an argument, or the request's body, is over a limit.
	CodeTooLarge Code = 5
	// CodeTruncated: the client ended the request's body before it was complete.
	CodeTruncated Code = 6
	// CodeClosed: the client is gone, or no longer takes the response.
	CodeClosed Code = 7
	// CodeLength: more body than the Content-Length that start_response declared.
	CodeLength Code = 8
)

// codeText is indexed by Code.
var codeText = [...]string{
	CodeFault:     "pointer or length outside memory",
	CodeInvalid:   "malformed status or headers",
	CodeForbidden: "header not allowed from an application",
	CodeState:     "call not allowed now",
	CodeTooLarge:  "over a limit",
	CodeTruncated: "request body ended early",
	CodeClosed:    "client is gone",
	CodeLength:    "more body than Content-Length",
}

// Error implements error.
func (c Code) Error() string {
	if c > 0 && int(c) < len(codeText) {
		return codeText[c]
	}
	return "unknown code"
}

// Errno returns what an imported function returns for c: its negative.
func (c Code) Errno() int32 { return -int32(c) }

// Result splits what an imported function returned into a count and an error. The error is nil or a [Code].
func Result(r int32) (int, error) {
	if r < 0 {
		return 0, Code(-r)
	}
	return int(r), nil
}
