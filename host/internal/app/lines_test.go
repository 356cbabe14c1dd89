package app_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wasgi/wasgi/host/internal/app"
)

// Writers of all kinds share one bucket: a second's worth at once, then as many as the rate allows. What is dropped is
// reported once a second, with its number.
func TestLogLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		a := app.New("fake")
		const rate = 10
		initial, request := a.Log(log, rate), a.Log(log, rate).With("request_id", "x").WithGroup("g")
		write := func(n int) {
			for i := range n {
				[]*slog.Logger{initial, request}[i%2].Info("line", "n", i)
			}
		}
		wantLines := func(lines int, reports string) {
			t.Helper()
			var dropped []string
			for _, match := range regexp.MustCompile(`dropped: .* app=fake dropped=(\d+)`).FindAllStringSubmatch(out.String(), -1) {
				dropped = append(dropped, match[1])
			}
			if n := strings.Count(out.String(), "msg=line"); n != lines || strings.Join(dropped, " ") != reports {
				t.Errorf("%d lines, reports of %q, want %d and %q", n, dropped, lines, reports)
			}
		}
		write(10)
		wantLines(10, "")
		write(25)
		wantLines(10, "")
		time.Sleep(999 * time.Millisecond)
		synctest.Wait()
		wantLines(10, "")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		wantLines(10, "25")
		write(12) // a second's worth has come back
		wantLines(20, "25")
		time.Sleep(500 * time.Millisecond)
		write(6)
		wantLines(25, "25")
		time.Sleep(time.Hour)
		synctest.Wait()
		wantLines(25, "25 3")
		write(11) // an hour saves up no more than a second
		wantLines(35, "25 3")
		time.Sleep(time.Second)
		synctest.Wait()
		wantLines(35, "25 3 1")
		if !strings.Contains(out.String(), "msg=line app=fake request_id=x g.n=1") {
			t.Errorf("attributes are lost:\n%s", out.String())
		}
	})
}

func TestLogLinesWithoutBound(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := app.New("fake").Log(slog.New(slog.NewTextHandler(&out, nil)), 0)
	for range 5000 {
		log.Info("line")
	}
	if n := strings.Count(out.String(), "msg=line app=fake\n"); n != 5000 {
		t.Errorf("%d lines", n)
	}
}

// What a level leaves out takes no token.
func TestLogLinesBelowLevel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := app.New("fake").Log(slog.New(slog.NewTextHandler(&out, nil)), 1)
	for range 100 {
		log.Debug("no line")
	}
	log.Info("line")
	if n := strings.Count(out.String(), "msg=line app=fake\n"); n != 1 {
		t.Errorf("the log says\n%s", out.String())
	}
}

// The last of an app that is closed is the report of what was dropped: nothing is logged later.
func TestCloseReportsDroppedLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		a := app.New("fake")
		g, err := app.NewGeneration(t.Context(), a, 1, &program{t: t}, settings(), log)
		if err != nil {
			t.Fatal(err)
		}
		a.Swap(g)
		for range 5 {
			a.Log(log, 1).Info("line")
		}
		a.Swap(nil)
		<-g.Closed()
		if !strings.HasSuffix(out.String(), "app=fake dropped=4\n") {
			t.Errorf("the log says\n%s", out.String())
		}
		before := out.String()
		time.Sleep(time.Minute)
		synctest.Wait()
		if after := out.String(); after != before {
			t.Errorf("and then\n%s", after[len(before):])
		}
	})
}

// Each line is either written or reported as dropped, whoever writes beside whom, and generations that close in between.
func TestLogLinesHammer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		log := slog.New(slog.NewTextHandler(&out, nil))
		a := app.New("fake")
		const writers, each, rate = 16, 500, 100
		var group sync.WaitGroup
		for writer := range writers {
			group.Go(func() {
				mine := a.Log(log, rate).With("writer", writer)
				for i := range each {
					mine.Info(fmt.Sprintf("line%d", i))
					if i%100 == 0 {
						time.Sleep(time.Duration(writer) * 10 * time.Millisecond)
					}
				}
			})
		}
		group.Go(func() {
			for i := range uint64(20) {
				g := generation(t, &program{t: t}, i+1, settings())
				time.Sleep(50 * time.Millisecond)
				g.Leave()
				<-g.Closed()
			}
		})
		started := time.Now()
		group.Wait()
		took := time.Since(started)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		written, dropped := out.count("msg=line"), 0
		for _, match := range regexp.MustCompile(`dropped=(\d+)`).FindAllStringSubmatch(out.String(), -1) {
			n, _ := strconv.Atoi(match[1])
			dropped += n
		}
		if written+dropped != writers*each {
			t.Errorf("%d written and %d dropped are not %d", written, dropped, writers*each)
		}
		if most := rate + int(took.Seconds()*rate) + 1; written > most || written < rate {
			t.Errorf("%d written in %v, want at most %d", written, took, most)
		}
	})
}
