package abitest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/abi/abitest"
)

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// check checks a guest, with a timeout that good ones come nowhere near.
func check(t *testing.T, module []byte, options abitest.GuestOptions) abitest.Report {
	t.Helper()
	report, err := abitest.Check(t.Context(), module, options)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// brokenRules are the rules with findings.
func brokenRules(r abitest.Report) []string {
	var ids []string
	for _, result := range r.Results {
		if result.Verdict == abitest.Fail {
			ids = append(ids, result.ID)
		}
	}
	return ids
}

// Each guest in testdata breaks the one rule that it is named after, and every rule has its guest.
func TestEachRuleIsBroken(t *testing.T) {
	t.Parallel()
	for _, rule := range abitest.Rules() {
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			report := check(t, readFile(t, "testdata/"+rule.ID+".wasm"), abitest.GuestOptions{Timeout: 2 * time.Second})
			if got := brokenRules(report); !slices.Equal(got, []string{rule.ID}) {
				t.Errorf("broken are %v, want %s alone: %v", got, rule.ID, report.Findings())
			}
			for _, finding := range report.Findings() {
				if finding.Request == "" || finding.Seen == "" || !strings.HasPrefix(finding.String(), rule.ID+": ") {
					t.Errorf("the finding %+v says too little", finding)
				}
			}
		})
	}
	modules, err := filepath.Glob("testdata/*.wasm")
	if err != nil || len(modules) != len(abitest.Rules()) {
		t.Errorf("%d guests for %d rules, %v", len(modules), len(abitest.Rules()), err)
	}
}

func TestGoodGuests(t *testing.T) {
	t.Parallel()
	for name, module := range map[string][]byte{
		"reference": abitest.Guest(),
		"minimal":   readFile(t, "../testdata/minimal.wasm"),
		"socket":    abitest.WebSocketGuest(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			abitest.RunGuest(t, module, abitest.GuestOptions{})
		})
	}
}

// What the reference guests can be made to do reaches every rule but those that only warm_up can break.
func TestEveryRuleIsExercised(t *testing.T) {
	t.Parallel()
	play := func(script string) abitest.Request {
		return abitest.Request{Path: "/", Headers: [][2]string{{"HTTP_X_PLAY", script}}}
	}
	report := check(t, abitest.Guest(), abitest.GuestOptions{Requests: []abitest.Request{
		play("+Content-Length=6;s200 OK;R100;efor the log;wabc;bdef"),
		play("s200 OK;x500 Oops;boops"),
		play("s200 OK;wpart;x500 Oops;bnever"), // gives the response up, which is no violation
		{Method: "HEAD", Path: "/"},
	}})
	sockets := check(t, abitest.WebSocketGuest(), abitest.GuestOptions{
		Requests: []abitest.Request{{Path: "/", Headers: [][2]string{
			{"HTTP_X_PLAY_OPEN", "akit.one;troom;+;pcame"}, {"HTTP_X_PLAY_CLOSE", "troom;pwent"},
		}}},
		Messages: messages("sone;Stwo;troom;pall;Pbytes;-;r5;R5;efor the log;V;v", "#3000;kenough"),
	})
	for n, result := range report.Results {
		if result.ID >= "G41" {
			result = sockets.Results[n]
		}
		if want := abitest.Pass; result.Verdict != want && result.ID != "G34" {
			t.Errorf("%s (%s): %s, want %s: %v", result.ID, result.Title, result.Verdict, want, result.Findings)
		}
	}
	if sockets.Broken() > 0 {
		t.Errorf("with WebSockets: %v", sockets.Findings())
	}
}

func messages(texts ...string) (list []abitest.Message) {
	for _, text := range texts {
		list = append(list, abitest.Message{Data: []byte(text)})
	}
	return list
}

// Messages of one's own are judged like the kit's.
func TestMessagesOfOnesOwn(t *testing.T) {
	t.Parallel()
	for script, rule := range map[string]string{
		"!":                                   "G46",
		"l":                                   "G23",
		"=1":                                  "G41",
		"=404":                                "G41",
		"w":                                   "G47",
		"akit.one":                            "G45",
		"g3":                                  "G44",
		"s%ff":                                "G44",
		"t;pto nobody":                        "G44",
		"troom;p%c3":                          "G44",
		"#1005;k":                             "G44",
		"#999;k":                              "G44",
		"k%ff":                                "G44",
		"t;+":                                 "G44",
		"f":                                   "G11",
		"k" + strings.Repeat("r", 124):        "G43",
		"t" + strings.Repeat("t", 257) + ";+": "G43",
		"t" + strings.Repeat("t", 257) + ";-": "G43",
		"t" + strings.Repeat("t", 257) + ";p": "G43",
		"@nobody;shello;k;troom;+;-":          "", // whoever is gone may be spoken to
		"W1000;k;k;slate":                     "",
		"n":                                   "",
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			report := check(t, abitest.WebSocketGuest(), abitest.GuestOptions{Timeout: 2 * time.Second, Messages: messages(script)})
			if got := strings.Join(brokenRules(report), " "); got != rule {
				t.Errorf("broken are %q, want %q: %v", got, rule, report.Findings())
			}
		})
	}
}

// A connection that the guest refuses has no further events.
func TestRefusedConnections(t *testing.T) {
	t.Parallel()
	for result, broken := range map[string]string{"=400": "", "=599": "", "=399": "G41", "=600": "G41"} {
		report := check(t, abitest.WebSocketGuest(), abitest.GuestOptions{
			Requests: []abitest.Request{{Path: "/", Headers: [][2]string{{"HTTP_X_PLAY_OPEN", result}, {"HTTP_X_PLAY_MESSAGE", "!"}, {"HTTP_X_PLAY_CLOSE", "!"}}}},
		})
		if got := strings.Join(brokenRules(report), " "); got != broken {
			t.Errorf("%s: broken are %q, want %q: %v", result, got, broken, report.Findings())
		}
	}
}

// Requests of one's own are judged like the kit's.
func TestRequestsOfOnesOwn(t *testing.T) {
	t.Parallel()
	for script, rule := range map[string]string{
		"t":                 "G22",
		"l":                 "G23",
		"bbody":             "G21",
		"wearly;s200 OK;bx": "G19",
		"s200;bx":           "G14",
		"s99 Low;bx":        "G14",
		"+a b=c;s200 OK;bx": "G15",
		"+a= c;s200 OK;bx":  "G15",
		"+TE=c;s200 OK;bx":  "G16",
		"+Content-Length=1;+content-length=1;s200 OK;bx": "G17",
		"s200 OK;s200 OK;bx":                             "G18",
		"+Content-Length=3;s200 OK;wabcd":                "G25",
		"+Content-Length=3;s200 OK;wab;bcd":              "G25",
		"h%00%00;s200 OK;bx":                             "G13",
		"s200 OK;k;k;bx":                                 "",
		"+Content-Length=3;s204 No Content;bx":           "",
		"f;s200 OK;bx":                                   "G11",
		"sbad;s200 OK;bx":                                "G14",
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			report := check(t, abitest.Guest(), abitest.GuestOptions{Timeout: 2 * time.Second, Requests: []abitest.Request{
				{Method: "GET", Path: "/plain"}, {Method: "PUT", Path: "/", Headers: [][2]string{{"HTTP_X_PLAY", script}}},
			}})
			if got := strings.Join(brokenRules(report), " "); got != rule {
				t.Errorf("broken are %q, want %q: %v", got, rule, report.Findings())
			}
		})
	}
}

func TestOnlySomeRules(t *testing.T) {
	t.Parallel()
	report := check(t, readFile(t, "testdata/G07.wasm"), abitest.GuestOptions{Only: func(id string) bool { return id == "G01" }})
	if len(report.Results) != 1 || report.Results[0].Verdict != abitest.Pass || report.Broken() != 0 {
		t.Errorf("got %+v, want G01 alone, and passed", report)
	}
}

// What is no module at all is a finding and no error.
func TestNoModule(t *testing.T) {
	t.Parallel()
	for _, module := range [][]byte{nil, []byte("hello"), abitest.Guest()[:1000]} {
		if got := brokenRules(check(t, module, abitest.GuestOptions{})); !slices.Equal(got, []string{"G01"}) {
			t.Errorf("broken are %v, want G01", got)
		}
	}
	big := abitest.GuestOptions{Memory: 1 << 20}
	if got := brokenRules(check(t, abitest.Guest(), big)); !slices.Equal(got, []string{"G01"}) {
		t.Errorf("2 MiB of memory where 1 may be had: broken are %v, want G01", got)
	}
}

// Every rule names a section of SPEC.md, and says what is wrong and what to do.
func TestRulesAreWhole(t *testing.T) {
	t.Parallel()
	anchors := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(readFile(t, "../SPEC.md")), -1) {
		anchors[regexp.MustCompile(`[^a-z0-9_-]`).ReplaceAllString(strings.ReplaceAll(strings.ToLower(heading[1]), " ", "-"), "")] = true
	}
	seen := map[string]bool{}
	for _, rule := range abitest.Rules() {
		if rule.Title == "" || rule.Advice == "" || !anchors[rule.Section] || seen[rule.ID] || seen[rule.Title] {
			t.Errorf("%+v: is not whole, not the only one, or SPEC.md has no such section", rule)
		}
		seen[rule.ID], seen[rule.Title] = true, true
	}
}

// Text and binary of a guest must not drift apart.
func TestGuestsMatchTheirText(t *testing.T) {
	t.Parallel()
	assembler, err := exec.LookPath("wat2wasm")
	if err != nil {
		t.Skip("wat2wasm (package wabt) is not installed")
	}
	texts, err := filepath.Glob("testdata/*.wat")
	if err != nil || len(texts) == 0 {
		t.Fatalf("no guests found: %v", err)
	}
	for _, text := range append(texts, "reference.wat", "socket.wat") {
		output := filepath.Join(t.TempDir(), "guest.wasm")
		if messages, err := exec.Command(assembler, "--debug-names", text, "-o", output).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, messages)
		}
		if module := strings.TrimSuffix(text, ".wat") + ".wasm"; !bytes.Equal(readFile(t, module), readFile(t, output)) {
			t.Errorf("%s is not what its text says; run wat2wasm --debug-names %s -o %s", module, text, module)
		}
	}
}
