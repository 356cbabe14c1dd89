package abitest

import (
	"cmp"
	"context"
	"fmt"
	"testing"
	"time"
)

// GuestOptions says how a guest is checked. The zero value is good.
type GuestOptions struct {
	// Requests are played beside the kit's own. The first one with the method GET takes the place of GET / where the kit varies
	// a request, so name a path that the app answers.
	Requests []Request
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

// Verdict is what became of one rule.
type Verdict string

const (
	// Pass: the guest has kept to the rule.
	Pass Verdict = "pass"
	// Fail: it has not.
	Fail Verdict = "fail"
	// NotExercised: it has done nothing that the rule is about, or something else has to be mended before.
	NotExercised Verdict = "not exercised"
)

// Finding is one violation.
type Finding struct {
	// Rule is the name of the rule that is broken.
	Rule string `json:"rule"`
	// Request says what was played, in words.
	Request string `json:"request"`
	// Seen is what the guest did.
	Seen string `json:"seen"`
}

// String is the finding on one line.
func (f Finding) String() string { return f.Rule + ": " + f.Request + ": " + f.Seen }

// Result is the verdict on one rule.
type Result struct {
	Rule
	Verdict  Verdict   `json:"verdict"`
	Findings []Finding `json:"findings"`
}

// Report is what checking a guest has found, rule by rule.
type Report struct {
	Results []Result `json:"results"`
}

// Broken counts the rules that are broken.
func (r Report) Broken() int { return r.count(Fail) }

// Count counts the rules with a verdict.
func (r Report) count(v Verdict) (n int) {
	for _, result := range r.Results {
		if result.Verdict == v {
			n++
		}
	}
	return n
}

// Findings are those of all rules in order.
func (r Report) Findings() []Finding {
	var all []Finding
	for _, result := range r.Results {
		all = append(all, result.Findings...)
	}
	return all
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

// judge collects what is seen.
type judge struct {
	// blame is the rule that all findings are held against, "" for each its own: where a request is varied, what goes wrong
	// is owed to that.
	blame string
	// request says what is being played.
	request   string
	exercised map[string]bool
	findings  map[string][]Finding
}

// mostFindings bounds what is kept for one rule.
const mostFindings = 5

// touch notes that the guest does what a rule is about.
func (j *judge) touch(rule string) {
	if j.exercised == nil {
		j.exercised = map[string]bool{}
	}
	j.exercised[rule] = true
}

// find notes a violation.
func (j *judge) find(rule, format string, args ...any) {
	j.touch(rule)
	if j.blame != "" {
		rule = j.blame
	}
	if j.findings == nil {
		j.findings = map[string][]Finding{}
	}
	f := Finding{Rule: rule, Request: j.request, Seen: fmt.Sprintf(format, args...)}
	if known := j.findings[rule]; len(known) < mostFindings {
		j.findings[rule] = append(known, f)
	}
}

// count is how many violations there are.
func (j *judge) count() (n int) {
	for _, findings := range j.findings {
		n += len(findings)
	}
	return n
}

func (j *judge) report(only func(string) bool) Report {
	r := Report{}
	for _, rule := range Rules() {
		if only != nil && !only(rule.ID) {
			continue
		}
		result := Result{Rule: rule, Verdict: NotExercised, Findings: []Finding{}}
		switch findings := j.findings[rule.ID]; {
		case len(findings) > 0:
			result.Verdict, result.Findings = Fail, findings
		case j.exercised[rule.ID]:
			result.Verdict = Pass
		}
		r.Results = append(r.Results, result)
	}
	return r
}
