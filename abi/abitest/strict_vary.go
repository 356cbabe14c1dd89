package abitest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/abi"
)

// variation plays a request again with differences, and compares.
type variation struct {
	*strictHost
	ctx  context.Context
	main *play
	base guestAnswer
	// stable says that two plays of the same request give the same answer to the byte.
	stable bool
}

// blaming plays p with everything that goes wrong held against one rule.
func (v *variation) blaming(rule string, p *play) guestAnswer {
	v.judge.touch(rule)
	v.judge.blame = rule
	defer func() { v.judge.blame = "" }()
	return v.fresh(v.ctx, p)
}

// same wants the status of the plain request again, and the whole answer if whole is set and the guest gives it.
func (v *variation) same(rule string, p *play, got guestAnswer, whole bool) {
	v.judge.request = p.name
	switch {
	case !got.clean: // said already
	case got.status != v.base.status:
		v.judge.find(rule, "the status is %d, and %d for %s", got.status, v.base.status, v.main.name)
	case whole && v.stable && (got.headers != v.base.headers || got.body != v.base.body):
		v.judge.find(rule, "the answer is %v, and %v for %s", got, v.base, v.main.name)
	}
}

func (v *variation) vary(rule, what string, vary func([][2]string) [][2]string) (*play, guestAnswer) {
	p := v.main.but(what, func(p *play) { p.vary = vary })
	return p, v.blaming(rule, p)
}

// environs varies the variables.
func (v *variation) environs() {
	p, got := v.vary(ruleShuffled, "variables in the reverse order", func(list [][2]string) [][2]string {
		slices.Reverse(list)
		return list
	})
	v.same(ruleShuffled, p, got, false)
	p, got = v.vary(ruleUnknown, "unknown variables behind the others", func(list [][2]string) [][2]string {
		return append(list, [][2]string{
			{"kit.unknown", "1"}, {"path_info", "/elsewhere"}, {"REQUEST_METHODS", "POST"}, {"PATH", "/elsewhere"},
			{"KIT_" + strings.Repeat("LONG_", 60), strings.Repeat("x", 1000)}, {"kit", "\x00\xff"},
		}...)
	})
	v.same(ruleUnknown, p, got, false)
	v.vary(ruleMissing, "no variables but the four that are always there", func(list [][2]string) [][2]string {
		return slices.DeleteFunc(list, func(pair [2]string) bool {
			return !slices.Contains([]string{"REQUEST_METHOD", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"}, pair[0])
		})
	})
	v.vary(ruleMissing, "no PATH_INFO", func(list [][2]string) [][2]string {
		return slices.DeleteFunc(list, func(pair [2]string) bool { return pair[0] == "PATH_INFO" })
	})
	v.vary(ruleBytes, "values that are no UTF-8", notText)
	v.vary(ruleRepeats, "repeated keys and empty values", func(list [][2]string) [][2]string {
		more := [][2]string{{"HTTP_X_TWICE", "1"}, {"HTTP_X_TWICE", "2"}, {abi.EnvironPrefix + "EMPTY", ""}, {"HTTP_X_EMPTY", ""}}
		return append(append(more, list...), more...)
	})
	v.vary(ruleMany, "1000 variables", func(list [][2]string) [][2]string { return append(some(1000, "1"), list...) })
	v.vary(ruleLarger, "a variable of 60 KB", func(list [][2]string) [][2]string { return append(list, some(1, strings.Repeat("v", 60_000))...) })
	v.vary(ruleLarger, "an environ of 200 KB", func(list [][2]string) [][2]string { return append(some(100, strings.Repeat("v", 2000)), list...) })
	p = v.main.but("method HEAD", func(p *play) { p.request.Method = "HEAD" })
	v.blaming(ruleHead, p)
}

// notText makes values bytes that are no UTF-8.
func notText(list [][2]string) [][2]string {
	for n := range list {
		switch list[n][0] {
		case "PATH_INFO":
			list[n][1] = "/\xe9\xff%\x80/\xc3"
		case "HTTP_USER_AGENT", "HTTP_ACCEPT":
			list[n][1] = "\xe9\xf0\x9f"
		}
	}
	return append(list, [][2]string{{"QUERY_STRING", "%zz&\xff=\xfe&%"}, {"HTTP_COOKIE", "\xff=\xc0; a"}, {"HTTP_REFERER", "\x80"}}...)
}

func some(n int, value string) [][2]string {
	list := make([][2]string, n)
	for i := range list {
		list[i] = [2]string{fmt.Sprintf("V%d", i), value}
	}
	return list
}

// lives varies what came before the request.
func (v *variation) lives(post *play) {
	for _, fill := range []string{"\x00", "\xa5"} {
		p := v.main.but(fmt.Sprintf("the environ buffer full of %02x before", fill), func(p *play) { p.fill = []byte(fill) })
		v.same(ruleGiven, p, v.blaming(ruleGiven, p), true)
	}
	v.inTurn(post)
	if v.module.ExportedFunctions()[abi.ExportWarmUp] != nil {
		v.judge.touch(ruleWarm)
		p := v.main.but("warm_up not called", func(*play) {})
		v.judge.blame = ruleWarm
		got := v.once(v.ctx, p, false)
		v.judge.blame = ""
		v.same(ruleWarm, p, got, false)
	}
}

// inTurn plays requests on one instance, as isolation = "instance" does. What a guest keeps from one to the next is its own.
func (v *variation) inTurn(post *play) {
	i := v.instance(v.ctx, true)
	if i == nil {
		return
	}
	defer i.close()
	v.judge.touch(ruleNext)
	v.judge.blame = ruleNext
	defer func() { v.judge.blame = "" }()
	long := v.main.but("with a long query", func(p *play) { p.request.Path += "?" + strings.Repeat("q", 3000) })
	for n, p := range []*play{v.main, post, long, v.main} {
		p := p.but(fmt.Sprintf("request %d of an instance", n+1), func(*play) {})
		v.judge.request = p.name
		if got := i.run(v.ctx, p); !got.clean {
			return
		}
	}
}

// bodies varies how the request's body comes.
func (v *variation) bodies() {
	if v.base.reads == 0 {
		return // it does not read
	}
	for _, piece := range []int{1, 7} {
		p := v.main.but(fmt.Sprintf("in pieces of %d", piece), func(p *play) { p.piece = piece })
		v.same(ruleShort, p, v.blaming(ruleShort, p), true)
	}
	for _, broken := range []struct {
		rule   string
		result int32
		what   string
	}{
		{ruleTruncated, abi.CodeTruncated.Errno(), "it breaks off"},
		{ruleTooLarge, abi.CodeTooLarge.Errno(), "it is over the limit"},
		{ruleRefusal, -99, "input_read returns -99"},
	} {
		for _, n := range []int{0, 10} {
			p := v.main.but(fmt.Sprintf("of which %d come, and then %s", n, broken.what), func(p *play) {
				p.broken, p.piece, p.announced = broken.result, 4, len(p.request.Body)
				p.request.Body = p.request.Body[:n]
			})
			v.blaming(broken.rule, p)
		}
	}
}

// clients varies when the client goes away.
func (v *variation) clients() {
	if v.base.writes == 0 {
		return // it does not write
	}
	for _, writes := range []int{0, 1} {
		v.blaming(ruleClosed, v.main.but(fmt.Sprintf("the client is gone after %d writes", writes), func(p *play) { p.writes = writes }))
	}
	v.blaming(ruleRefusal, v.main.but("write returns -99", func(p *play) { p.writes, p.refusal = 0, -99 }))
}
