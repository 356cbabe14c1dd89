package main

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgiws/wasgiwstest"
)

func dial(app *wasgiwstest.App, name, room string) *wasgiwstest.Client {
	return app.Dial(wasgitest.Request{Mount: "/chat", Path: "?" + url.Values{"name": {name}, "room": {room}}.Encode()})
}

// heard is what a client was told: kind, name and text of each message, and the id of the first.
func heard(c *wasgiwstest.Client) (id string, lines []string) {
	for i, m := range c.Received() {
		parts := strings.SplitN(m.Text(), "\n", 4)
		if i == 0 {
			id = parts[1]
		}
		lines = append(lines, strings.TrimRight(parts[0]+" "+parts[2]+" "+parts[3], " "))
	}
	return id, lines
}

func wantHeard(t *testing.T, c *wasgiwstest.Client, want ...string) (id string) {
	t.Helper()
	id, got := heard(c)
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("heard %q, want %q", got, want)
	}
	return id
}

func TestAConversation(t *testing.T) {
	t.Parallel()
	app := wasgiwstest.New(chat())
	alice := dial(app, "Alice", "lobby")
	wantHeard(t, alice, "you Alice")
	stranger := dial(app, "Eve", "another room")
	wantHeard(t, stranger, "you Eve")
	bob := dial(app, "Bob", "lobby")
	id := wantHeard(t, bob, "you Bob")
	if got := wantHeard(t, alice, "join Bob"); got != id {
		t.Errorf("Bob's id is %s, and said to be %s", id, got)
	}
	alice.SendText("here\n" + id)
	wantHeard(t, bob, "here Alice")
	alice.SendText("say\n  hello <Bob>,\nhow are you? ")
	wantHeard(t, bob, "say Alice hello <Bob>,\nhow are you?")
	wantHeard(t, alice, "say Alice hello <Bob>,\nhow are you?")
	bob.Close(1001, "")
	wantHeard(t, alice, "leave Bob")
	alice.SendText("here\n" + id) // Bob is gone
	if alice.Fault != nil || alice.Errors != "" {
		t.Errorf("%v %s", alice.Fault, alice.Errors)
	}
	wantHeard(t, stranger)
}

func TestWhatIsNotSaid(t *testing.T) {
	t.Parallel()
	app := wasgiwstest.New(chat())
	c := dial(app, "Alice", "lobby")
	c.Received()
	for _, text := range []string{"", "say", "say\n", "say\n \n ", "shout\nhello", "say\n" + strings.Repeat("ü", maxText+1)} {
		c.SendText(text)
	}
	wantHeard(t, c)
	c.SendText("say\n" + strings.Repeat("ü", maxText))
	if got := c.Received(); len(got) != 1 {
		t.Errorf("%d messages", len(got))
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	app := wasgiwstest.New(chat())
	for _, name := range []string{"", " ", "a ", "a\nb", "a\x00", "\xff", strings.Repeat("ü", maxName+1), "a\u202eb"} {
		if c := dial(app, name, "lobby"); c.Status != 400 {
			t.Errorf("name %q: status %d", name, c.Status)
		}
		if c := dial(app, "Alice", name); c.Status != 400 {
			t.Errorf("room %q: status %d", name, c.Status)
		}
	}
	for _, name := range []string{"a", "Zoë", "张三", strings.Repeat("ü", maxName), "<b>", "a b"} {
		if c := dial(app, name, name); c.Status != 101 {
			t.Errorf("name %q: status %d", name, c.Status)
		}
	}
	if c := app.Dial(wasgitest.Request{Path: "/?name=%zz&room=a"}); c.Status != 400 {
		t.Errorf("a broken query: status %d", c.Status)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	got := wasgitest.Call(serve, wasgitest.Request{Mount: "/chat"})
	if got.Code != 200 || got.Fault != nil || string(got.Body) != page {
		t.Errorf("%s, fault %v", got.Status, got.Fault)
	}
	for tag, want := range map[string]string{"script": scriptHash, "style": styleHash} {
		_, rest, _ := strings.Cut(page, "<"+tag+">")
		text, _, _ := strings.Cut(rest, "</"+tag+">")
		sum := sha256.Sum256([]byte(text))
		hash := "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
		if hash != want || !strings.Contains(got.Header("Content-Security-Policy"), "'"+hash+"'") {
			t.Errorf("the hash of the page's %s is %s", tag, hash)
		}
	}
	if got := wasgitest.Call(serve, wasgitest.Request{Path: "/elsewhere"}); got.Code != 404 {
		t.Error(got.Status)
	}
	if got := wasgitest.Call(serve, wasgitest.Request{Method: "POST"}); got.Code != 405 || got.Header("Allow") != "GET, HEAD" {
		t.Error(got.Status)
	}
}
