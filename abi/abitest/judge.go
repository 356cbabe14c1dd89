package abitest

import "fmt"

// judge collects what is seen.
type judge struct {
	// blame is the rule that all findings are held against, "" for each its own: where a request is varied, what goes wrong
	// is owed to that.
	blame string
	// request says what is being played.
	request   string
	exercised map[string]bool
	findings  map[string][]Finding
	// count is how many violations there were, with those that are not kept.
	count int
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
	j.count++
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
