package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/viper"
)

// maxFile bounds a file, in bytes. The decoders call themselves for each nested list; this keeps their stacks small.
const maxFile = 256 << 10

// formats are the extensions that are read.
const formats = ".toml, .yaml, .yml or .json"

// notTable is said of a file whose outermost value is a list or a scalar.
const notTable = "is not a table of keys and values"

// formatOf returns what viper calls the format of that file.
func formatOf(name string) (string, bool) {
	switch ext := filepath.Ext(name); ext {
	case ".toml", ".yaml", ".yml", ".json":
		return ext[1:], true
	}
	return "", false
}

// decode turns a file into a tree. An empty file is an empty tree in every format.
func decode(source string, data []byte) (map[string]any, *problem) {
	format, ok := formatOf(source)
	if !ok {
		return nil, &problem{source: source, text: "unknown format; the name must end in " + formats}
	}
	data, text := clean(data)
	if text != "" {
		return nil, &problem{source: source, text: text}
	}
	tree := map[string]any{}
	if len(bytes.TrimSpace(data)) == 0 {
		return tree, nil
	}
	if p := lost(format, data); p != nil {
		p.source = source
		return nil, p
	}
	decoder, err := viper.NewCodecRegistry().Decoder(format)
	if err == nil {
		err = decoder.Decode(data, tree)
	}
	if err != nil {
		line, text := located(data, err)
		return nil, &problem{source: source, line: line, text: text}
	}
	return tree, nil
}

// clean strips a byte order mark and refuses what is not text.
func clean(data []byte) ([]byte, string) {
	switch {
	case len(data) > maxFile:
		return nil, fmt.Sprintf("is larger than %s", showSize(maxFile))
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return nil, "is UTF-16; save it as UTF-8"
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, "is not UTF-8 text"
	}
	return data, ""
}

// lost finds what a decoder would drop without an error: a repeated key in JSON, a second document in YAML.
func lost(format string, data []byte) *problem {
	switch format {
	case "json":
		return repeatedKey(data)
	case "yaml", "yml":
		if line := secondDocument(data); line > 0 {
			return &problem{line: line, text: "a second document starts here; keep one"}
		}
	}
	return nil
}

// secondDocument returns the line where a second YAML document starts, or 0. A line that starts with --- ends a document
// wherever it stands, even inside a quoted or block scalar.
func secondDocument(data []byte) int {
	content, ended, line := false, false, 0
	for text := range strings.Lines(string(data)) {
		line++
		text = strings.TrimRight(text, "\r\n")
		switch {
		case marker(text, "---"):
			if content || ended {
				return line
			}
			content = true
		case marker(text, "..."):
			ended = content
		case strings.TrimSpace(text) == "", strings.HasPrefix(strings.TrimSpace(text), "#"):
		case ended:
			return line
		case !strings.HasPrefix(text, "%"):
			content = true
		}
	}
	return 0
}

func marker(line, mark string) bool {
	rest, ok := strings.CutPrefix(line, mark)
	return ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

// yamlLine is how the YAML decoder says where it stopped.
var yamlLine = regexp.MustCompile(`(?s)^line (\d+): (.*)$`)

// located splits a decoder's error into a line and a text of one line, without the decoder's own prefix.
func located(data []byte, err error) (int, string) {
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "toml: "), "yaml: ")
	text = strings.Join(strings.Fields(strings.TrimPrefix(text, "unmarshal errors:")), " ")
	var at interface{ Position() (int, int) }
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &at):
		line, _ := at.Position()
		return line, text
	case errors.As(err, &syntax):
		return lineAt(data, syntax.Offset), text
	case errors.As(err, &kind):
		return lineAt(data, kind.Offset), notTable
	}
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		if strings.HasSuffix(m[2], "into map[string]interface {}") {
			m[2] = notTable
		}
		if line, err := strconv.Atoi(m[1]); err == nil {
			return line, m[2]
		}
	}
	return 0, text
}

// lineAt returns the line of a byte, counting from 1.
func lineAt(data []byte, offset int64) int {
	offset = max(0, min(offset, int64(len(data))))
	return 1 + bytes.Count(data[:offset], []byte("\n"))
}
