package coding

import "strings"

// Compressible reports whether content of this type is usually text, or as wordy. Images, films and archives are compressed
// already, and an event stream is read as it comes.
func Compressible(contentType string) bool {
	name, _, _ := strings.Cut(contentType, ";")
	name = strings.ToLower(strings.Trim(name, " \t"))
	kind, sub, ok := strings.Cut(name, "/")
	if !ok {
		return false
	}
	if strings.HasSuffix(sub, "+json") || strings.HasSuffix(sub, "+xml") {
		return true
	}
	switch kind {
	case "text":
		return sub != "event-stream"
	case "application":
		switch sub {
		case "json", "javascript", "xml", "wasm", "x-javascript", "x-ndjson", "jsonl", "yaml", "toml", "rtf", "x-www-form-urlencoded":
			return true
		}
	case "font":
		return sub == "ttf" || sub == "otf" || sub == "collection"
	case "image":
		return sub == "bmp" || sub == "x-icon" || sub == "vnd.microsoft.icon"
	}
	return false
}
