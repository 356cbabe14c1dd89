package wasgi

import (
	"errors"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
)

// Host is the import module wasgi_v1 as the SDK sees it: each method is the function of that name, and returns what it
// returns, a count or a negated [abi.Code]. In a wasm module it is the host's; package wasgitest has one that records.
type Host interface {
	// StartResponse takes the headers encoded as package wire says.
	StartResponse(status, headers []byte, excInfo bool) int32
	Write(block []byte) int32
	InputRead(p []byte) int32
	ErrorsWrite(p []byte) int32
}

// Play runs app for one request on host and returns what is left to send: the returned body, nil if there is none or it was
// streamed. It is what the exported function application does; a test kit calls it with a host of its own. The environ is
// encoded as package wire says; a malformed one panics.
func Play(host Host, environ []byte, app Application) []byte {
	// Copied, because the host writes the next environ over this one while the application may still hold values of it.
	list, err := wire.Read(string(environ))
	if err != nil {
		panic("wasgi: application: malformed environ: " + err.Error())
	}
	renewRandom(host)
	c := &call{host: host}
	defer c.end()
	env := Environ{list: list, call: c}
	c.head = env.Get("REQUEST_METHOD") == "HEAD"
	switch body := app(env, c.startResponse).(type) {
	case nil:
		return nil
	case whole:
		return body
	default:
		return c.send(body)
	}
}

// call is the state of one request: whether it is still on, and what the host said to the last start_response.
type call struct {
	host    Host
	head    bool // the request's method is HEAD
	ended   bool
	refused error
}

// end cuts the call off from the host, since in an instance that lives on the next request would get what is sent now.
func (c *call) end() {
	if c.refused != nil {
		c.log("wasgi: start_response was refused: " + c.refused.Error())
	}
	c.ended = true
}

func (c *call) log(line string) {
	// A log that is not taken must not fail the request.
	_, _ = errorLog{c}.Write([]byte(line + "\n"))
}

// startResponse is the StartResponse of this call. excInfo is logged first: if headers were sent, the host does not return.
func (c *call) startResponse(status string, headers []Header, excInfo ...error) (Writer, error) {
	replace := false
	for _, err := range excInfo {
		if err != nil {
			c.log(err.Error())
			replace = true
		}
	}
	c.refused = c.start(status, headers, replace)
	if c.refused != nil {
		return refusal{c.refused}, c.refused
	}
	return writer{c}, nil
}

func (c *call) start(status string, headers []Header, replace bool) error {
	if c.ended {
		return abi.CodeState
	}
	var list wire.Encoder
	for _, header := range headers {
		list.Add(header.Name, header.Value)
	}
	encoded, err := list.Bytes()
	if err != nil {
		return abi.CodeTooLarge
	}
	_, err = abi.Result(c.host.StartResponse([]byte(status), encoded, replace))
	return err
}

// send streams body. What it returns is left to send: the text of a 500 if the body failed before anything was out.
func (c *call) send(body Body) []byte {
	for block, err := range body.Blocks() {
		if err != nil {
			return c.fail(err)
		}
		if len(block) == 0 {
			continue
		}
		if _, err := (writer{c}).Write(block); err != nil {
			if err != abi.CodeClosed {
				c.log("wasgi: body: write: " + err.Error())
			}
			return nil
		}
		// The first block sent the headers, and there is nothing else to send: an endless stream ends here.
		if c.head {
			return nil
		}
	}
	return nil
}

// fail turns a body that failed into a 500. If headers were sent, the host ends the call in here and cuts the connection.
func (c *call) fail(cause error) []byte {
	headers := []Header{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}}
	// Built without fmt, which would double the size of a small guest.
	cause = errors.New("wasgi: body: " + cause.Error())
	if _, err := c.startResponse("500 Internal Server Error", headers, cause); err != nil {
		return nil
	}
	return []byte("Internal Server Error\n")
}

// writer is the Writer of a response that was started.
type writer struct{ call *call }

func (w writer) Write(p []byte) (int, error) {
	// An empty write would send the headers, which io.Writer's callers do not mean by it: they call Flush.
	if len(p) == 0 {
		return 0, nil
	}
	if err := w.write(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w writer) Flush() error { return w.write(nil) }

func (w writer) write(p []byte) error {
	if w.call.ended {
		return abi.CodeState
	}
	_, err := abi.Result(w.call.host.Write(p))
	return err
}

// refusal is the Writer of a response that was not started.
type refusal struct{ err error }

func (r refusal) Write([]byte) (int, error) { return 0, r.err }
func (r refusal) Flush() error              { return r.err }
