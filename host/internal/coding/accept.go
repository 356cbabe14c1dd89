// Package coding owns the content codings of HTTP: which of them a client accepts, which media types gain by one, and the
// writers that compress.
package coding

import "strings"

// These are the codings' names, as HTTP registers them.
const (
	Brotli = "br"
	Gzip   = "gzip"
)

// Choose returns the one of the offers that the client likes best, or "" where it is to get the content as it is. header holds the
// values of Accept-Encoding; of offers that it likes equally the first is chosen. It allocates nothing.
func Choose(header []string, offers ...string) string {
	best, most := "", 0
	for _, offer := range offers {
		if q, _ := quality(header, offer); q > most {
			best, most = offer, q
		}
	}
	if q, named := quality(header, "identity"); named && q > most {
		return ""
	}
	return best
}

// quality returns how much the client likes a coding, in thousandths, and whether it named it. What it did not name counts as what
// it said of "*", and is not wanted without that.
func quality(header []string, coding string) (q int, named bool) {
	others := 0
	for _, value := range header {
		for element := range strings.SplitSeq(value, ",") {
			name, parameters, _ := strings.Cut(element, ";")
			switch name = strings.Trim(name, " \t"); {
			case strings.EqualFold(name, coding), coding == Gzip && strings.EqualFold(name, "x-gzip"):
				q, named = max(q, weight(parameters)), true
			case name == "*":
				others = max(others, weight(parameters))
			}
		}
	}
	if named {
		return q, true
	}
	return others, false
}

// weight reads ";q=0.5" without the semicolon, in thousandths: 1000 where there is none, 0 for what is none.
func weight(parameters string) int {
	parameters = strings.Trim(parameters, " \t")
	if parameters == "" {
		return 1000
	}
	if len(parameters) < 3 || parameters[0]|0x20 != 'q' || parameters[1] != '=' {
		return 0
	}
	whole, fraction, _ := strings.Cut(parameters[2:], ".")
	if len(whole) != 1 || whole[0] > '1' || whole[0] < '0' || len(fraction) > 3 {
		return 0
	}
	q := int(whole[0]-'0') * 1000
	for i, place := 0, 100; i < len(fraction); i, place = i+1, place/10 {
		if fraction[i] < '0' || fraction[i] > '9' {
			return 0
		}
		q += int(fraction[i]-'0') * place
	}
	if q > 1000 {
		return 0
	}
	return q
}
