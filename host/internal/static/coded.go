package static

import (
	"slices"

	"github.com/wasgi/wasgi/host/internal/coding"
)

// substitute puts the compressed file that lies beside a file in its place (style.css.br for style.css), if the client takes it.
func (f *Folder) substitute(found *File, name string, accept []string) {
	offers := []string{coding.Brotli, coding.Gzip}
	best := coding.Choose(accept, offers...)
	for best != "" && !f.take(found, name, best) {
		offers = slices.DeleteFunc(offers, func(offer string) bool { return offer == best })
		best = coding.Choose(accept, offers...)
	}
}

// endings are those of a coding's files. Read only.
var endings = map[string]string{coding.Brotli: ".br", coding.Gzip: ".gz"}

// take opens the file of that coding in the place of the one that was found, and reports whether it is there. One that is older was
// made from what the file held before.
func (f *Folder) take(found *File, name, contentCoding string) bool {
	file, info, err := f.open(name + endings[contentCoding])
	if err != nil {
		return false
	}
	if found.info.ModTime().Sub(info.ModTime()) > coarsest {
		file.Close()
		return false
	}
	found.file.Close()
	found.file, found.info, found.coding = file, info, contentCoding
	return true
}
