package main

import (
	"html"
	"strconv"
	"strings"
)

// The pages are put together by hand: html/template would double the module, from 5 to 11 MB. Every value goes through
// html.EscapeString, and stands as text or within double quotes, which is where that is enough.

const pageHead = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>`

const pageTail = "</main>\n</body>\n</html>\n"

// page returns a whole document around what body writes.
func page(mount, title string, body func(*strings.Builder)) string {
	var b strings.Builder
	b.WriteString(pageHead + html.EscapeString(title) + "</title>\n")
	b.WriteString(`<link rel="icon" href="data:,">` + "\n")
	b.WriteString(`<link rel="stylesheet" href="` + html.EscapeString(mount) + `/style.css">` + "\n")
	b.WriteString("</head>\n<body>\n<main>\n")
	body(&b)
	b.WriteString(pageTail)
	return b.String()
}

// listPage shows the form above the notes. draft and problem are those of a form that was refused.
func listPage(mount string, notes []note, draft string, problem error) string {
	return page(mount, "Notes", func(b *strings.Builder) {
		b.WriteString("<h1>Notes</h1>\n")
		writeForm(b, mount, draft, problem)
		if len(notes) == 0 {
			b.WriteString(`<p class="empty">No notes yet. Write the first one above.</p>` + "\n")
			return
		}
		b.WriteString(`<ul class="notes">` + "\n")
		for _, n := range notes {
			writeNote(b, mount, n)
		}
		b.WriteString("</ul>\n")
		b.WriteString(`<p class="count">` + count(len(notes)) + `, kept in the memory of this app's one instance</p>` + "\n")
	})
}

// writeForm has no "required": the check on the server is the one to be seen.
func writeForm(b *strings.Builder, mount, draft string, problem error) {
	b.WriteString(`<form class="card" method="post" action="` + html.EscapeString(mount) + `/">` + "\n")
	b.WriteString(`<label for="text">New note</label>` + "\n")
	attributes := ""
	if problem != nil {
		attributes = ` aria-invalid="true" aria-describedby="problem"`
	}
	// A newline right after the tag is not part of the text.
	b.WriteString(`<textarea id="text" name="text" rows="3" autofocus placeholder="What is on your mind?"` + attributes + ">\n")
	b.WriteString(html.EscapeString(draft) + "</textarea>\n")
	if problem != nil {
		b.WriteString(`<p class="problem" id="problem" role="alert">` + html.EscapeString(problem.Error()) + "</p>\n")
	}
	b.WriteString(`<div class="row"><span class="hint">Up to ` + strconv.Itoa(maxNote) + ` characters</span>`)
	b.WriteString(`<button class="primary">Add note</button></div>` + "\n</form>\n")
}

func writeNote(b *strings.Builder, mount string, n note) {
	id := strconv.Itoa(n.id)
	b.WriteString(`<li class="card"><p class="text">` + html.EscapeString(n.text) + "</p>\n")
	b.WriteString(`<form method="post" action="` + html.EscapeString(mount) + `/delete/` + id + `">`)
	b.WriteString(`<button aria-label="Delete note ` + id + `">Delete</button></form></li>` + "\n")
}

func count(n int) string {
	if n == 1 {
		return "1 note"
	}
	return strconv.Itoa(n) + " notes"
}

func notFoundPage(mount string) string {
	return page(mount, "Not found", func(b *strings.Builder) {
		b.WriteString("<h1>Not found</h1>\n<p class=\"empty\">There is nothing here, or it was deleted. ")
		b.WriteString(`<a href="` + html.EscapeString(mount) + `/">Back to the notes</a></p>` + "\n")
	})
}
