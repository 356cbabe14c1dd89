package abitest

import (
	"bytes"
	"strings"
	"time"
)

// Items 1 to 3: the call.
func callCases() []serverCase {
	return []serverCase{
		{name: "01_one_call_a_request", run: oneCall},
		{name: "01_the_signature_is_checked_when_the_module_is_loaded", run: signatureIsChecked},
		{name: "02_start_response_comes_as_late_as_the_first_byte", run: func(s *session) {
			a := s.get(do(read(100), "e", read(100), start("200 OK"), give("late")), body("early"))
			want(s, "body", string(a.body), "late")
		}},
		{name: "03_an_app_can_be_limited_to_one_instance", run: oneInstance},
	}
}

func oneCall(s *session) {
	first, second := token(), token()
	s.get(do("e"+first+"%0a", start("200 OK"), give("ok")))
	s.logged(first)
	s.get(do("e"+second+"%0a", start("200 OK"), give("ok")))
	s.logged(second)
	if n := strings.Count(s.options.Log(), first); n != 1 {
		s.errorf("one request was logged %d times by its application", n)
	}
}

func signatureIsChecked(s *session) {
	if s.options.Load == nil {
		s.skip("ServerOptions.Load is not set")
	}
	if err := s.options.Load(s.ctx, Guest()); err != nil {
		s.fatalf("the reference guest is refused: %v", err)
	}
	if s.options.Load(s.ctx, withoutApplication()) == nil {
		s.errorf("a module without application is taken")
	}
	if s.options.Load(s.ctx, withAnotherApplication()) == nil {
		s.errorf("a module whose application has the type (i32) -> (i32) is taken")
	}
}

// withoutApplication is the reference guest with another name for the export.
func withoutApplication() []byte {
	return bytes.ReplaceAll(Guest(), []byte("application"), []byte("applikation"))
}

// withAnotherApplication is the reference guest exporting allocate under that name: the bytes behind an export's name are its
// kind, 0 for a function, and its index.
func withAnotherApplication() []byte {
	module := Guest()
	entry := func(name string) int { return bytes.Index(module, []byte(name+"\x00")) + len(name) + 1 }
	module[entry("application")] = module[entry("allocate")]
	return module
}

// moment is how long something is watched that must not happen. A slow machine makes the watch miss it, and never see what is
// not there.
const moment = 200 * time.Millisecond

// oneInstance holds the only instance and asks for another.
func oneInstance(s *session) {
	url := s.single()
	d := s.open(url, do(start("200 OK"), send("held"), read(1), give("done")), "")
	d.hear("held")
	second := make(chan *answer, 1)
	go func() {
		a, _ := s.tryAt(url, do(start("200 OK"), give("second")))
		second <- a
	}()
	select {
	case a := <-second:
		if a != nil && a.status == 200 {
			s.errorf("a second request was answered while the first held the only instance")
		}
		second <- a
	case <-time.After(moment):
	}
	d.say("x")
	if rest, err := d.end(); err != nil || string(rest) != "done" {
		s.errorf("the first request ends with %s (%v), want %q", show(string(rest)), err, "done")
	}
	if a := <-second; a == nil || a.status != 200 && a.status != 503 {
		s.errorf("the second request got %v, want status 200, or 503", a)
	}
}

func (s *session) single() string {
	if s.options.Single == "" {
		s.skip("ServerOptions.Single is not set")
	}
	return s.options.Single
}
