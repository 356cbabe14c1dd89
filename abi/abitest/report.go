package abitest

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
