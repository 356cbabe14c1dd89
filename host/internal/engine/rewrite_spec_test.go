package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// TestRewrittenSpec plays the specification's own test suite, as the runtime's source carries it, on modules as they are and
// rewritten: what is asserted and holds for the first must hold for the second. Modules that the validator refuses are played
// as they are on both sides, for others may import from them.
func TestRewrittenSpec(t *testing.T) {
	skipUnderRace(t)
	root := filepath.Join(runtimeSource(t), "internal", "integration_test", "spectest")
	scripts, err := filepath.Glob(filepath.Join(root, "*", "testdata", "*.json"))
	if err != nil || len(scripts) == 0 {
		t.Skipf("the source of wazero comes without the suite: %v", err)
	}
	provider, err := os.ReadFile(filepath.Join(root, "testdata", "spectest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	var tally tally
	t.Run("scripts", func(t *testing.T) {
		for _, path := range scripts {
			name, _ := filepath.Rel(root, path)
			t.Run(strings.Replace(filepath.ToSlash(name), "/testdata", "", 1), func(t *testing.T) {
				t.Parallel()
				playScript(t, path, provider, &tally)
			})
		}
	})
	tally.report(t)
	if held := tally.counts["assert_return: holds"]; held < 60_000 {
		t.Errorf("only %d assertions on results: the suite was not played", held)
	}
}

// tally counts over all scripts.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[what]++
}

func (c *tally) report(t *testing.T) {
	for _, what := range slices.Sorted(maps.Keys(c.counts)) {
		t.Logf("%6d %s", c.counts[what], what)
	}
}

// script is one file of the suite, in the form that wast2json gives it.
type script struct{ Commands []command }

type command struct {
	Type, Name, Filename, As, Text string
	Line                           int
	ModuleType                     string `json:"module_type"`
	Action                         struct {
		Type, Field, Module string
		Args                []specValue
	}
	Expected []specValue
}

func playScript(t *testing.T, path string, provider []byte, tally *tally) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s script
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	suite := filepath.Base(filepath.Dir(filepath.Dir(path)))
	original := newPlayer(t, path, provider, asItIs)
	changed := newPlayer(t, path, provider, rewritten)
	for i, c := range s.Commands {
		if i+1 < len(s.Commands) && s.Commands[i+1].Type == "register" {
			c.As = s.Commands[i+1].As // the runtime names an instance when it is made
		}
		if c.Type == "register" || c.ModuleType == "text" || beyondLimits(original.dir, c) {
			tally.add(c.Type + ": not played")
			continue
		}
		want, holds := original.play(c)
		got, still := changed.play(c)
		switch {
		case !holds:
			tally.add(c.Type + ": does not hold as it is, in " + suite)
			if suite == "v2" {
				t.Errorf("line %d, %s %s: does not hold as it is: %s", c.Line, c.Type, c.Action.Field, want)
			}
		case !still || got != want:
			t.Errorf("line %d, %s %s:\nrewritten: %s\n    as it is: %s", c.Line, c.Type, c.Action.Field, got, want)
		default:
			tally.add(c.Type + ": holds")
		}
	}
	for _, reason := range changed.refused {
		tally.add("modules refused by the validator: " + reason)
	}
	tally.add("scripts")
}

// beyondLimits reports whether the command's module must not be shown to the compiler.
func beyondLimits(dir string, c command) bool {
	if !strings.HasPrefix(c.Type, "assert_") || c.Filename == "" {
		return false
	}
	data, err := os.ReadFile(filepath.Join(dir, c.Filename))
	if err != nil {
		return true
	}
	_, err = wasm.Parse(data, wasm.DefaultLimits())
	difference := listedFor(err)
	return difference >= 0 && listed[difference].deadly
}

// player plays one script. Its instances stay until the end.
type player struct {
	*plainRuntime
	dir     string
	named   map[string]api.Module
	last    api.Module
	refused []string
}

func newPlayer(t *testing.T, path string, provider []byte, prepare preparation) *player {
	p := &player{plainRuntime: newPlainRuntime(t, prepare, wazero.NewRuntimeConfig()), dir: filepath.Dir(path), named: map[string]api.Module{}}
	if _, err := p.InstantiateWithConfig(context.Background(), provider, wazero.NewModuleConfig()); err != nil {
		t.Fatal(err)
	}
	return p
}

// play does what the command says. It returns what came of it, and whether that is what the suite asserts.
func (p *player) play(c command) (outcome string, holds bool) {
	switch c.Type {
	case "module":
		instance, err := p.load(c.Filename, c.As)
		if p.last = instance; err != nil {
			return err.Error(), false
		}
		if c.Name != "" {
			p.named[c.Name] = instance
		}
		return "a module", true
	case "assert_invalid", "assert_malformed", "assert_unlinkable", "assert_uninstantiable":
		if _, err := p.load(c.Filename, ""); err == nil {
			// The runtime goes on where elements do not fit, for what was put into imported tables before.
			return "a module", c.Text == "out of bounds table access"
		}
		return "refused", true
	case "action", "assert_return", "assert_trap", "assert_exhaustion":
		return p.act(c)
	}
	return "an unknown command", false
}

// detail is what differs between refusals for one reason.
var detail = regexp.MustCompile(`"[^"]*"(\."[^"]*")?|\d+`)

func (p *player) load(file, name string) (api.Module, error) {
	data, err := os.ReadFile(filepath.Join(p.dir, file))
	if err != nil {
		return nil, err
	}
	ctx, config := context.Background(), wazero.NewModuleConfig().WithName(name)
	m, err := wasm.Parse(data, wasm.DefaultLimits())
	if err == nil {
		return p.instantiate(ctx, m, config)
	}
	p.watched = nil // it may import a memory from there, and does not note what it writes
	instance, unrefused := p.InstantiateWithConfig(ctx, data, config.WithStartFunctions())
	if unrefused == nil {
		p.refused = append(p.refused, reason(err))
	}
	return instance, unrefused
}

// reason is a refusal without the place, the names and the numbers.
func reason(err error) string {
	_, text, _ := strings.Cut(err.Error(), "offset ")
	_, text, _ = strings.Cut(text, ": ")
	return detail.ReplaceAllString(text, "_")
}

func (p *player) act(c command) (outcome string, holds bool) {
	on := p.last
	if c.Action.Module != "" {
		on = p.named[c.Action.Module]
	}
	if on == nil {
		return "no module", false
	}
	if c.Action.Type == "get" {
		global := on.ExportedGlobal(c.Action.Field)
		if global == nil {
			return "no such global", false
		}
		return fmt.Sprintf("%#x", global.Get()), match(c.Expected, []uint64{global.Get()})
	}
	f := on.ExportedFunction(c.Action.Field)
	if f == nil {
		return "no such function", false
	}
	return p.invoke(c, f)
}

func (p *player) invoke(c command, f api.Function) (outcome string, holds bool) {
	var args []uint64
	for _, a := range c.Action.Args {
		args = append(args, a.bits()...)
	}
	results, outcome := p.call(context.Background(), f, args...)
	trap, trapped := strings.CutPrefix(outcome, traps)
	switch c.Type {
	case "assert_trap":
		return outcome, trapped && trap == trapText(c.Text)
	case "assert_exhaustion":
		return outcome, trapped && trap == errExhausted.Error()
	case "action":
		return outcome, !trapped
	}
	return outcome, !trapped && match(c.Expected, results)
}

// trapText is how the runtime says what the suite says.
func trapText(asserted string) string {
	switch {
	case asserted == "indirect call":
		return "indirect call type mismatch"
	case asserted == "undefined element", asserted == "undefined", asserted == "out of bounds table access",
		strings.HasPrefix(asserted, "uninitialized"):
		return "invalid table access"
	}
	return asserted
}
