package host_test

import (
	"encoding/xml"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/certtest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// h2spec is the conformance test of HTTP/2.
const h2spec = "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible"

// notAsH2SpecHasIt are the cases that fail, and why that is right.
var notAsH2SpecHasIt = map[string]string{
	"http2/6.5.3: Sends multiple values of SETTINGS_INITIAL_WINDOW_SIZE": "net/http closes a connection that sends one setting twice in a frame, which no client does",
	"http2/8.1.2.2: Sends a HEADERS frame that contains the connection-specific header field": "it is refused with 400 instead of a reset, " +
		"as RFC 9113, 8.1.1 lets a server do",
	"http2/8.1.2.2: Sends a HEADERS frame that contains the TE header field with any value other than \"trailers\"": "likewise",
}

// otherwiseHTTP1 fails without TLS, where what does not begin as HTTP/2 does is HTTP/1, gets 400 in its language, and is closed then.
const otherwiseHTTP1 = "http2/3.5: Sends invalid connection preface"

// TestH2Spec runs it over TLS and over h2c. What fails must be what is known to fail, no more and no less.
func TestH2Spec(t *testing.T) {
	t.Parallel()
	tool := guesttest.Tool(t, h2spec)
	for name, secure := range map[string]bool{"TLS": true, "h2c": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			// An app that takes its time: some cases break the rules of a stream after its request, which must not be over by then.
			write(t, filepath.Join(dir, "index.wasm"), guesttest.Wasm(t, "nap"))
			authority := certtest.New(t)
			s := serve(t, dir, withTLS(t, authority), func(c *config.Config) { c.TLS.Redirect, c.Server.H2C = false, true })
			address, flags := s.plain, []string(nil)
			if secure {
				address, flags = s.tls, []string{"--tls", "--insecure"}
			}
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				t.Fatal(err)
			}
			report := filepath.Join(t.TempDir(), "report.xml")
			output, err := exec.Command(tool, append(flags, "--strict", "--host", host, "--port", port, "--junit-report", report)...).CombinedOutput()
			cases := readReport(t, report)
			var failed []string
			for _, c := range cases {
				if c.failed() {
					failed = append(failed, c.Package+": "+c.Name)
				}
			}
			t.Logf("%d of %d pass", len(cases)-len(failed), len(cases))
			if len(cases) < 145 {
				t.Errorf("only %d cases were run: %v\n%s", len(cases), err, output)
			}
			slices.Sort(failed)
			known := slices.Sorted(maps.Keys(notAsH2SpecHasIt))
			if !secure {
				known = append([]string{otherwiseHTTP1}, known...)
			}
			if !slices.Equal(failed, known) {
				t.Errorf("these fail:\n%s\nand these are known to:\n%s\n%s", strings.Join(failed, "\n"), strings.Join(known, "\n"), output)
			}
		})
	}
}

// specCase is one case of h2spec's report.
type specCase struct {
	Package string  `xml:"package,attr"`
	Name    string  `xml:"classname,attr"`
	Failure *string `xml:"failure"`
	Error   *string `xml:"error"`
	Skipped *string `xml:"skipped"`
}

func (c specCase) failed() bool { return c.Failure != nil || c.Error != nil || c.Skipped != nil }

func readReport(t *testing.T, file string) []specCase {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Suites []struct {
			Cases []specCase `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	var cases []specCase
	for _, suite := range report.Suites {
		cases = append(cases, suite.Cases...)
	}
	return cases
}
