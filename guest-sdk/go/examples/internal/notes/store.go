// Package notes is what the two notes apps in Go share: a store in memory, and what guest-sdk/NOTES.md says of ids, bodies and
// JSON. It knows of no request: one app plays them by the bare SDK, the other by net/http.
package notes

import (
	"slices"
	"strconv"
)

// MaxBody is how many bytes a body may have.
const MaxBody = 4096

// Note is one note. Its id is never given again.
type Note struct {
	ID   int
	Text string
}

// Store holds notes by id, ascending. The zero value is empty. An instance plays one request at a time, so it has no lock.
type Store struct {
	last  int
	notes []Note
}

// Add keeps a text.
func (s *Store) Add(text string) Note {
	s.last++
	added := Note{s.last, text}
	s.notes = append(s.notes, added)
	return added
}

// Get returns the note of that id, if there is one.
func (s *Store) Get(id int) (Note, bool) {
	i, found := s.find(id)
	if !found {
		return Note{}, false
	}
	return s.notes[i], true
}

// Delete says whether there was a note of that id.
func (s *Store) Delete(id int) bool {
	i, found := s.find(id)
	if found {
		s.notes = slices.Delete(s.notes, i, i+1)
	}
	return found
}

func (s *Store) find(id int) (int, bool) {
	return slices.BinarySearchFunc(s.notes, id, func(n Note, id int) int { return n.ID - id })
}

// maxID is how many digits an id may have.
const maxID = 9

// ID returns the id that a path names, "/7" for example: 1 to 9 digits without a leading zero.
func ID(path string) (int, bool) {
	if len(path) < 2 || len(path) > 1+maxID || path[0] != '/' || path[1] == '0' {
		return 0, false
	}
	for _, c := range []byte(path[1:]) {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	id, err := strconv.Atoi(path[1:])
	return id, err == nil
}
