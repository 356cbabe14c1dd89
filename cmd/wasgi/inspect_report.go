package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wasgi/wasgi/host"
)

const (
	reportWidth = 96 // columns, as far as names allow
	labelWidth  = 13
	// mostListed bounds each list: a module may have thousands of exports.
	mostListed = 60
	// mostOfName bounds a name, mostOfType a type, in characters.
	mostOfName = 48
	mostOfType = 64
)

// report is an inspection as people read it: a label at the left, beside it one or more lines.
type report struct {
	i   *host.Inspection
	out bytes.Buffer
}

func newReport(i *host.Inspection) *report { return &report{i: i} }

func (r *report) write(w io.Writer) error {
	r.file()
	r.verdict()
	if m := r.i.Module; m != nil {
		if !m.Complete {
			r.line("known", "only what stands before the section at fault, and how long all sections are")
		}
		if m.Toolchain != "" {
			r.line("built by", "%s", name(m.Toolchain))
		}
		r.imports(m.Imports)
		r.exports(m.Exports)
		r.room(m)
		r.code(m)
		r.sizes(m)
	}
	_, err := r.out.WriteTo(w)
	return err
}

// line writes text beside a label; the label is empty for further lines.
func (r *report) line(label, format string, args ...any) {
	fmt.Fprintf(&r.out, "%-*s%s\n", labelWidth, label, fmt.Sprintf(format, args...))
}

// text writes words in as many lines as they need.
func (r *report) text(label, words string) { r.fill(label, strings.Fields(printable(words))) }

// fill writes parts that must not be broken in as many lines as they need.
func (r *report) fill(label string, parts []string) {
	line := ""
	for _, part := range parts {
		if line != "" && labelWidth+utf8.RuneCountInString(line)+1+utf8.RuneCountInString(part) > reportWidth {
			r.line(label, "%s", line)
			label, line = "", ""
		}
		line = strings.TrimSpace(line + " " + part)
	}
	r.line(label, "%s", line)
}

// list writes rows of columns that are aligned, with an indent, and says how many are left out.
func (r *report) list(indent string, rows [][]string) {
	shown := rows[:min(len(rows), mostListed)]
	var widths []int
	for _, row := range shown {
		for n, cell := range row {
			if n == len(widths) {
				widths = append(widths, 0)
			}
			widths[n] = max(widths[n], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range shown {
		line := indent
		for n, cell := range row {
			line += cell + strings.Repeat(" ", widths[n]-utf8.RuneCountInString(cell)+2)
		}
		r.line("", "%s", strings.TrimRight(line, " "))
	}
	if more := len(rows) - len(shown); more > 0 {
		r.line("", "%s... and %d more; --json has all", indent, more)
	}
}

func (r *report) file() {
	r.line("file", "%s, %s", printable(r.i.File), exactSize(r.i.Size))
	if r.i.SHA256 != "" {
		r.line("sha256", "%s", r.i.SHA256)
	}
	if r.i.Manifest != "" {
		r.line("manifest", "%s", printable(r.i.Manifest))
	}
	if r.i.Kind != "" {
		r.text("kind", r.i.Kind+": "+r.i.Why)
	}
}

// name makes a name from the file fit for a line.
func name(s string) string { return clip(s, mostOfName) }

func clip(s string, most int) string {
	s = printable(s)
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-3]) + "..."
}

// exactSize gives large sizes both ways.
func exactSize(n int64) string {
	if n < 1<<10 {
		return size(n)
	}
	return fmt.Sprintf("%s (%s bytes)", size(n), grouped(n))
}

// shortSize writes 64 KiB where size writes 64.0 KiB.
func shortSize[T int | int64](n T) string { return strings.Replace(size(int64(n)), ".0 ", " ", 1) }

// grouped writes 1234567 as 1,234,567.
func grouped[T int | int64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// plural writes "1 loop" and "2 loops".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

func (r *report) verdict() {
	if len(r.i.Refusals) == 0 {
		r.line("verdict", "can be served")
		return
	}
	const mostReasons = 10
	label := "REFUSED"
	for _, reason := range r.i.Refusals[:min(len(r.i.Refusals), mostReasons)] {
		r.text(label, reason.Message)
		label = "and"
	}
	if more := len(r.i.Refusals) - mostReasons; more > 0 {
		r.line("", "... and for %d more reasons; --json has all", more)
	}
}

// sizes lists the largest parts of the file.
func (r *report) sizes(m *host.ModuleFacts) {
	sections := slices.Clone(m.Sections)
	slices.SortStableFunc(sections, func(a, b host.ModuleSection) int { return b.Size - a.Size })
	const mostSections = 8
	var parts []string
	rest := 0
	for n, s := range sections {
		if n >= mostSections {
			rest += s.Size
			continue
		}
		what := s.Name
		if s.Custom != "" {
			what += fmt.Sprintf(" %q", name(s.Custom))
		}
		parts = append(parts, what+" "+shortSize(s.Size)+",")
	}
	if rest > 0 {
		parts = append(parts, "the rest "+shortSize(rest)+",")
	}
	if len(parts) > 0 {
		parts[len(parts)-1] = strings.TrimSuffix(parts[len(parts)-1], ",")
		r.fill("sections", parts)
	}
}
