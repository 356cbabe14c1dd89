package main

// page puts body, which is markup, into a document. All that goes in is written in this package but the mount, which the
// operator chose. The icon is a file of the folder public, which the host serves before this app is asked.
func page(mount, title, body string) string {
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>` + title + `</title>
<link rel="icon" href="` + mount + `/favicon.svg">
<style>
` + styleSheet + `</style>
</head>
<body>
<main>
<h1>` + title + "</h1>\n" + body + `</main>
</body>
</html>
`
}

func listPage(mount string) string {
	list := "<p>Each of these is one <code>.wasm</code> file in the folder that is served. Its source is the folder of that name.</p>\n<ul>\n"
	for _, s := range samples() {
		list += `<li><a href="` + mount + "/" + s.name + `"><b>` + s.name + "</b><span>" + s.text + "</span></a></li>\n"
	}
	return page(mount, "wasgi samples", list+"</ul>\n")
}

func notFoundPage(mount string) string {
	return page(mount, "Not found", `<p>No app answers here. <a href="`+mount+`/">See those that do.</a></p>`+"\n")
}
