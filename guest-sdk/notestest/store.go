package notestest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// notesByID adds, shows and deletes.
func (c *client) notesByID() {
	var added []note
	for _, text := range []string{"first", "second", "third"} {
		c.adds(post(`{"text":"`+text+`"}`), text)
	}
	added = c.model.notes[max(len(c.model.notes)-3, 0):]
	for _, n := range slices.Clone(added) {
		path := "/" + strconv.Itoa(n.id)
		c.expect(get(path), ok(n.json()))
		c.expect(get(path+"?x=y"), ok(n.json()))
		c.expect(get("/%3"+path[1:2]+path[2:]), ok(n.json()))
		c.expect(request{method: "HEAD", path: path}, head(ok("")))
		c.expect(request{method: "PUT", path: path}, refused("GET, DELETE"))
		c.expect(get("/0"+path[1:]), failure(404, notFound))
	}
	for _, n := range slices.Clone(added) {
		if n.text == "second" {
			c.deletes(n)
		}
	}
	if c.model.stateless {
		c.expect(get("/1"), failure(404, notFound))
		c.expect(request{method: "DELETE", path: "/1"}, failure(404, notFound))
	}
	c.expect(get("/"), ok(c.model.list()))
	c.expect(get("/"+strconv.Itoa(c.model.next)), failure(404, notFound))
	// An id is never given twice, that of the last note neither.
	if len(c.model.notes) > 0 {
		c.deletes(c.model.notes[len(c.model.notes)-1])
	}
	c.adds(post(`{"text":"fourth"}`), "fourth")
	c.expect(get("/"), ok(c.model.list()))
}

func (c *client) deletes(n note) {
	r := request{method: "DELETE", path: "/" + strconv.Itoa(n.id)}
	c.expect(r, answer{status: 204})
	c.model.notes = slices.DeleteFunc(c.model.notes, func(other note) bool { return other == n })
	c.expect(r, failure(404, notFound))
	c.expect(get(r.path), failure(404, notFound))
	c.expect(request{method: "HEAD", path: r.path}, head(failure(404, notFound)))
}

// crowd adds notes from several clients at once: each gets an id of its own, and none is lost.
func (c *client) crowd() {
	const clients = 16
	answers := make([]answer, clients)
	failures := make([]error, clients)
	var wait sync.WaitGroup
	for i := range clients {
		wait.Go(func() { answers[i], failures[i] = c.ask(post(`{"text":"crowd"}`)) })
	}
	wait.Wait()
	for _, err := range failures {
		if err != nil {
			c.differ("one of %d clients at once: %v", clients, err)
			return
		}
	}
	// The ids rise with the length of the Location, and then with its digits.
	slices.SortFunc(answers, func(a, b answer) int {
		return cmp.Or(len(a.location)-len(b.location), strings.Compare(a.location, b.location))
	})
	for _, got := range answers {
		if want := created(c.mount, c.model.add("crowd")); got != want {
			c.differ("one of %d clients at once:\n got %s\nwant %s", clients, show(got), show(want))
		}
	}
}

// list shows all that was added, and deletes it.
func (c *client) list() {
	c.expect(get(""), ok(c.model.list()))
	c.expect(get("/"), ok(c.model.list()))
	c.expect(request{method: "HEAD", path: "/"}, head(ok("")))
	for i := 0; len(c.model.notes) > 0; i++ {
		n := c.model.notes[i*7%len(c.model.notes)]
		c.deletes(n)
	}
	c.expect(get("/"), ok(`{"notes":[]}`))
	c.adds(post(`{"text":"last"}`), "last")
	c.expect(get("/"), ok(c.model.list()))
}
