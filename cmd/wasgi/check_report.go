package main

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/wasgi/wasgi/abi/abitest"
)

// print writes the verdicts for people or for programs. Names in a module may hold anything, so neither form lets through what
// could steer a terminal.
func (c *checked) print(w io.Writer, asJSON bool) error {
	if !asJSON {
		return c.write(w)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(c); err != nil {
		return err
	}
	_, err := w.Write(printableJSON(text.Bytes()))
	return err
}

func (c *checked) write(w io.Writer) error {
	var r report
	r.line("file", "%s, %s", printable(c.File), exactSize(c.Size))
	r.line("sha256", "%s", c.SHA256)
	counts := map[abitest.Verdict]int{}
	for _, result := range c.Results {
		counts[result.Verdict]++
	}
	verdict := "keeps " + plural(counts[abitest.Pass], "rule", "rules")
	if c.Broken > 0 {
		verdict = "BREAKS " + plural(c.Broken, "rule", "rules") + ", and keeps " + plural(counts[abitest.Pass], "other", "others")
	}
	r.line("verdict", "%s; %d of %d were not exercised", verdict, counts[abitest.NotExercised], len(c.Results))
	if c.Broken > 0 {
		r.text("", "Requests are varied only where nothing is wrong without: mend this, and check again.")
	}
	for _, result := range c.Results {
		c.result(&r, result)
	}
	_, err := r.out.WriteTo(w)
	return err
}

// result writes a rule on one line, and below it how it was broken and what to do.
func (c *checked) result(r *report, result abitest.Result) {
	word := map[abitest.Verdict]string{abitest.Pass: "pass", abitest.Fail: "FAIL", abitest.NotExercised: "-"}[result.Verdict]
	r.text(word, result.ID+"  "+result.Title)
	for _, finding := range result.Findings {
		r.text("", finding.Request+": "+finding.Seen)
	}
	if len(result.Findings) > 0 {
		r.text("", "-> "+result.Advice+" (SPEC.md#"+result.Section+")")
	}
}
