package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxNote  = 280 // characters
	maxNotes = 100
)

// errNoNote: the note to delete is not there.
var errNoNote = errors.New("there is no such note")

type note struct {
	id   int
	text string
}

// store holds the notes, newest first. Nothing guards it: an instance serves one request at a time, and there is one.
type store struct {
	notes []note
	last  int
}

func (s *store) list() []note { return s.notes }

// sentence is an error that is shown to a person as it stands.
type sentence string

func (s sentence) Error() string { return string(s) }

// add trims and checks a text and keeps it. The error is a [sentence] for the person who wrote it.
func (s *store) add(text string) error {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	length := utf8.RuneCountInString(text)
	switch {
	case text == "":
		return sentence("Write something first.")
	case !utf8.ValidString(text):
		return sentence("That is not valid UTF-8 text.")
	case length > maxNote:
		return sentence(fmt.Sprintf("A note has at most %d characters; this one has %d.", maxNote, length))
	case len(s.notes) == maxNotes:
		return sentence(fmt.Sprintf("There are %d notes already. Delete one first.", maxNotes))
	}
	s.last++
	s.notes = slices.Insert(s.notes, 0, note{s.last, text})
	return nil
}

// remove deletes the note whose id is written in digits.
func (s *store) remove(id string) error {
	number, err := strconv.Atoi(id)
	if err != nil {
		return errNoNote
	}
	i := slices.IndexFunc(s.notes, func(n note) bool { return n.id == number })
	if i < 0 {
		return errNoNote
	}
	s.notes = slices.Delete(s.notes, i, i+1)
	return nil
}
