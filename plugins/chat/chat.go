package main

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgiws"
)

// The longest name of a person or a room, and the longest message, in characters.
const (
	maxName = 32
	maxText = 2000
)

// chat returns what is done about connections. What pages are told has a kind, the id and the name of whom it is about, and a text:
// four parts, with a newline between them, of which the last may hold more.
//
//	you    the page's own id, when it is connected
//	join   somebody came
//	here   somebody is there, said to one who came
//	say    somebody says the text
//	leave  somebody went
//
// A page says "say" and its text, or "here" and the id of one who came, to whom this page's person is then told of.
func chat() wasgiws.Handler {
	return wasgiws.Handler{Open: open, Message: message, Close: leave}
}

// person is who is at the other end of a connection: the handshake says it, at every event.
type person struct {
	conn       *wasgiws.Conn
	name, room string
}

// personOf reports whether the query of the handshake names a person and a room.
func personOf(c *wasgiws.Conn) (person, bool) {
	query, err := url.ParseQuery(c.Get("QUERY_STRING"))
	p := person{conn: c, name: query.Get("name"), room: query.Get("room")}
	return p, err == nil && valid(p.name) && valid(p.room)
}

// valid keeps names to one visible line.
func valid(name string) bool {
	return name != "" && utf8.ValidString(name) && utf8.RuneCountInString(name) <= maxName && strings.TrimSpace(name) == name &&
		!strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// line is what pages are told of the person.
func (p person) line(kind, text string) string {
	return kind + "\n" + string(p.conn.ID) + "\n" + p.name + "\n" + text
}

// tell tells all in the room.
func (p person) tell(kind, text string) {
	if _, err := wasgiws.PublishText(p.topic(), p.line(kind, text)); err != nil {
		p.log("publish: " + err.Error())
	}
}

func (p person) topic() string { return "room " + p.room }

func (p person) log(line string) {
	_, _ = p.conn.Errors().Write([]byte("chat: " + line + "\n")) // a log that is not taken is no reason to stop
}

func open(c *wasgiws.Conn) error {
	p, ok := personOf(c)
	if !ok {
		return wasgiws.Refuse(400)
	}
	if err := c.SendText(p.line("you", "")); err != nil {
		return err
	}
	p.tell("join", "") // before it is one of those who are told
	return c.Subscribe(p.topic())
}

func message(c *wasgiws.Conn, m *wasgiws.Message) {
	p, _ := personOf(c) // open has let it in
	kind, text, _ := strings.Cut(m.Text(), "\n")
	switch text = strings.TrimSpace(text); kind {
	case "say":
		if text != "" && utf8.RuneCountInString(text) <= maxText {
			p.tell("say", text)
		}
	case "here":
		// An error is that of one who is gone already, or was never there.
		_ = wasgiws.ID(text).SendText(p.line("here", ""))
	}
}

func leave(c *wasgiws.Conn, _ int, _ string) {
	p, _ := personOf(c)
	p.tell("leave", "")
}
