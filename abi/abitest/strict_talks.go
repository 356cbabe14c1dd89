package abitest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/abi"
)

// talks plays conversations with differences, and compares.
type talks struct {
	*strictHost
	ctx  context.Context
	main *play
	base *talk
	// stable says that the same conversation comes out the same.
	stable bool
}

// playEvents plays connections where main is answered, and what can be varied of them if nothing was wrong until then.
func (h *strictHost) playEvents(ctx context.Context, main *play) {
	if h.module.ExportedFunctions()[abi.ExportWebSocketMessage] == nil {
		return
	}
	v := &talks{strictHost: h, ctx: ctx, main: main}
	v.base = v.play("", nil)
	if !v.base.clean() || h.judge.count > 0 {
		return
	}
	v.stable = v.base.differs(v.play("", nil), true) < 0
	v.anywhere()
	v.betweenRequests()
	v.environs()
	v.pieces()
	v.refusals()
}

// play plays a conversation on one instance, as isolation = "instance" does.
func (v *talks) play(name string, change func(*talk)) *talk {
	t := &talk{strictHost: v.strictHost, ctx: v.ctx, name: name, handshake: handshakeOf(v.main.request), names: socketNames()}
	if change != nil {
		change(t)
	}
	t.one = v.instance(v.ctx, true)
	if t.one == nil {
		return t
	}
	defer t.one.close()
	t.run()
	return t
}

// blaming plays a conversation with everything that goes wrong held against one rule.
func (v *talks) blaming(rule, name string, change func(*talk)) *talk {
	v.judge.touch(rule)
	v.judge.blame = rule
	defer func() { v.judge.blame = "" }()
	return v.play(name, change)
}

// changing is blaming with another environ, or another input, for each event. The guest must do the same and, if whole is set, say the
// same.
func (v *talks) changing(rule, name string, whole bool, change func(*strictEvent)) {
	t := v.blaming(rule, name, func(t *talk) { t.change = change })
	if !v.stable || !t.clean() || len(t.answers) == 0 {
		return // said already, or nothing that could be compared
	}
	n := t.differs(v.base, whole)
	if n < 0 {
		return
	}
	if n >= min(len(t.answers), len(v.base.answers)) {
		v.judge.find(rule, "%s: %d events, and without that %d", name, len(t.answers), len(v.base.answers))
		return
	}
	v.judge.request = t.events[n]
	v.judge.find(rule, "%v, and without that %v", t.answers[n], v.base.answers[n])
}

// anywhere has a new instance for each event, as isolation = "request" and "fresh" do.
func (v *talks) anywhere() {
	v.judge.touch(ruleAnyInstance)
	v.judge.blame = ruleAnyInstance
	defer func() { v.judge.blame = "" }()
	t := &talk{strictHost: v.strictHost, ctx: v.ctx, name: "on an instance that has seen no other", handshake: handshakeOf(v.main.request), names: socketNames()}
	t.run()
}

// betweenRequests has a request before each event.
func (v *talks) betweenRequests() {
	v.blaming(ruleNext, "after a request", func(t *talk) {
		t.change = func(*strictEvent) {
			v.judge.request = v.main.name + ", between events"
			t.one.run(v.ctx, v.main)
		}
	})
}

// environs varies the variables.
func (v *talks) environs() {
	v.changing(ruleShuffled, "variables in the reverse order", false, varying(func(list [][2]string) [][2]string {
		slices.Reverse(list)
		return list
	}))
	v.changing(ruleUnknown, "unknown variables in front of the others", false, varying(func(list [][2]string) [][2]string {
		return append([][2]string{
			{"websocket.kit", "1"}, {"websocket.events", "close"}, {"websocket", "message"}, {"WEBSOCKET_EVENT", "close"}, {"kit", "\x00\xff"},
		}, list...)
	}))
	v.changing(ruleMany, "500 variables more", false, varying(func(list [][2]string) [][2]string { return append(some(500, "1"), list...) }))
	for _, fill := range []string{"\x00", "\xa5"} {
		v.changing(ruleGiven, fmt.Sprintf("the environ buffer full of %02x before", fill), true, func(e *strictEvent) { e.fill = []byte(fill) })
	}
	for _, names := range [][2]string{{"a", "B"}, {strings.Repeat("aZ09", 16), strings.Repeat("0", 63)}} {
		v.blaming(ruleNames, fmt.Sprintf("connections named by %d and %d characters", len(names[0]), len(names[1])), func(t *talk) { t.names = names })
	}
}

func varying(vary func([][2]string) [][2]string) func(*strictEvent) {
	return func(e *strictEvent) { e.vary = vary }
}

// pieces varies how messages come.
func (v *talks) pieces() {
	if v.base.reads() == 0 {
		return
	}
	for _, piece := range []int{1, 7} {
		v.changing(ruleShort, fmt.Sprintf("read in pieces of %d", piece), true, func(e *strictEvent) { e.input.piece = piece })
	}
}

// refusals varies what calls return.
func (v *talks) refusals() {
	if !v.base.did() {
		return // it calls nothing
	}
	v.blaming(ruleGone, "the connections are gone already", func(t *talk) { t.sockets.gone = true })
	for _, code := range []int32{-99, abi.CodeTooLarge.Errno()} {
		v.blaming(ruleRefusal, fmt.Sprintf("calls return %d", code), func(t *talk) { t.sockets.refusal = code })
	}
}
