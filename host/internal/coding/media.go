package coding

import "strings"

// MinSize is the least that is worth compressing, in bytes: less than a packet is a packet.
const MinSize = 1 << 10

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
