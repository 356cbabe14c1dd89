package http1

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// violation is what is wrong with what a client has sent, and the status to tell it. The text is for logs.
type violation struct {
	status int
	cause  string
}

func (v *violation) Error() string { return v.cause }

func refused(status int, format string, args ...any) *violation {
	return &violation{status, fmt.Sprintf(format, args...)}
}

func bad(format string, args ...any) *violation {
	return refused(http.StatusBadRequest, format, args...)
}

// marker is the name of the header that only refusals have. It differs in each process, so that no client can send it.
var marker = sync.OnceValue(func() string { return http.CanonicalHeaderKey("Refused-" + rand.Text()) })

// refusal is the request that net/http is given in the place of one that breaks the rules. It has the method and the target of
// that one if its line is well-formed, for the log; otherwise, or if net/http would answer it itself, "- *".
func refusal(broken *violation, h *head, b []byte) []byte {
	method, target := h.method.of(b), h.target.of(b)
	if len(target) == 0 || string(target) == "*" {
		method, target = []byte("-"), []byte("*")
	}
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost:\r\nConnection: close\r\n%s: %d %s\r\n\r\n", method, target, marker(), broken.status, broken.cause)
}

// Handler hands requests that a [Conn] has put in the place of others to refuse, and all others to next. refuse answers with the
// status; the cause is for logs. net/http closes the connection after that.
func Handler(next http.Handler, refuse func(w http.ResponseWriter, r *http.Request, status int, cause error)) http.Handler {
	name := marker()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		values := r.Header[name]
		if values == nil {
			next.ServeHTTP(w, r)
			return
		}
		code, cause, _ := strings.Cut(values[0], " ")
		status, err := strconv.Atoi(code)
		if err != nil {
			status = http.StatusBadRequest
		}
		delete(r.Header, name)
		refuse(w, r, status, errors.New(cause))
	})
}
