package static

import (
	"path/filepath"
	"strings"
)

const unknownType = "application/octet-stream"

// typeOf returns the Content-Type of a file by the ending of its name.
func typeOf(name string) string {
	ext := strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
	known, ok := types[ext]
	switch {
	case !ok:
		return unknownType
	case strings.HasPrefix(known, "text/"):
		return known + "; charset=utf-8"
	}
	return known
}

// types is part of the program, so that an answer does not depend on what is installed on the machine. Read only.
var types = map[string]string{
	"css": "text/css", "csv": "text/csv", "htm": "text/html", "html": "text/html", "ics": "text/calendar", "js": "text/javascript",
	"log": "text/plain", "md": "text/markdown", "mjs": "text/javascript", "txt": "text/plain", "vtt": "text/vtt", "xml": "text/xml",

	"7z": "application/x-7z-compressed", "atom": "application/atom+xml", "bz2": "application/x-bzip2",
	"epub": "application/epub+zip", "geojson": "application/geo+json", "gz": "application/gzip", "json": "application/json",
	"jsonld": "application/ld+json", "map": "application/json", "pdf": "application/pdf", "rss": "application/rss+xml",
	"rtf": "application/rtf", "tar": "application/x-tar", "tgz": "application/gzip", "toml": "application/toml",
	"wasm": "application/wasm", "webmanifest": "application/manifest+json", "xhtml": "application/xhtml+xml",
	"xz": "application/x-xz", "yaml": "application/yaml", "yml": "application/yaml", "zip": "application/zip",
	"zst": "application/zstd",

	"apng": "image/apng", "avif": "image/avif", "bmp": "image/bmp", "gif": "image/gif", "heic": "image/heic",
	"ico": "image/vnd.microsoft.icon", "jpeg": "image/jpeg", "jpg": "image/jpeg", "jxl": "image/jxl", "png": "image/png",
	"svg": "image/svg+xml", "tif": "image/tiff", "tiff": "image/tiff", "webp": "image/webp",

	"aac": "audio/aac", "flac": "audio/flac", "m4a": "audio/mp4", "mp3": "audio/mpeg", "oga": "audio/ogg", "ogg": "audio/ogg",
	"opus": "audio/ogg", "wav": "audio/wav", "weba": "audio/webm",

	"m4v": "video/mp4", "mov": "video/quicktime", "mp4": "video/mp4", "ogv": "video/ogg", "webm": "video/webm",

	"otf": "font/otf", "ttf": "font/ttf", "woff": "font/woff", "woff2": "font/woff2",
}
