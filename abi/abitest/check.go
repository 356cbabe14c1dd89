package abitest

import (
	"cmp"
	"context"
	"testing"
	"time"
)

// GuestOptions says how a guest is checked. The zero value is good.
type GuestOptions struct {
	// Requests are played beside the kit's own. The first one with the method GET takes the place of GET / where the kit varies
	// a request, so name a path that the app answers.
	Requests []Request
	// Messages are what the clients of a guest with websocket_message say, beside the kit's own. Their handshake is the request that
	// the kit varies, so name a path, with a query, that the app lets in.
	Messages []Message
	// Timeout bounds each call of an export; 0 is 10 seconds. The kit's engine interprets: code runs 10 to 50 times slower.
	Timeout time.Duration
	// Memory caps the guest's memory in bytes; 0 is 256 MiB.
	Memory int64
	// Only says which rules to check, by their names; nil checks all.
	Only func(id string) bool
}

// Request is one request that a guest is played.
type Request struct {
	// Method is GET if it is empty.
	Method string
	// Path begins with a slash, is not escaped, and may have a query behind "?".
	Path string
	// Headers are variables of the environ: HTTP_ACCEPT, CONTENT_TYPE and so on.
	Headers [][2]string
	Body    []byte
}

// Message is one message of a WebSocket client.
type Message struct {
	// Binary is false for text, which must be UTF-8.
	Binary bool
	Data   []byte
}

// Check plays requests to a guest on a strict host of the kit's own and says which rules it keeps. The error says that ctx is
// done: a guest that cannot be run at all is a finding.
//
// The module is interpreted within limits on time and memory, and reaches nothing but random bytes and a clock that stands
// still while it does not sleep. Who checks files from strangers reads them with a strict validator before, as `wasgi check`
// does.
func Check(ctx context.Context, module []byte, options GuestOptions) (Report, error) {
	options.Timeout = cmp.Or(options.Timeout, 10*time.Second)
	options.Memory = cmp.Or(options.Memory, 256<<20)
	j := &judge{}
	h, err := newStrictHost(ctx, options, j)
	if err != nil {
		return Report{}, err
	}
	defer h.close()
	if h.load(ctx, module) {
		h.playAll(ctx)
	}
	return j.report(options.Only), ctx.Err()
}

// RunGuest checks a guest, each rule as a subtest of its own, whose name is the rule's.
func RunGuest(t *testing.T, module []byte, options GuestOptions) {
	t.Helper()
	report, err := Check(t.Context(), module, options)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range report.Results {
		t.Run(result.ID, func(t *testing.T) {
			t.Logf("%s: %s", result.Title, result.Verdict)
			for _, finding := range result.Findings {
				t.Errorf("%s: %s (SPEC.md#%s); %s", finding.Request, finding.Seen, result.Section, result.Advice)
			}
		})
	}
}
