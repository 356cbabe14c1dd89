package engine

import "bytes"

// maxLine is how many bytes of one line reach the log; a longer one is split.
const maxLine = 8 << 10

// LineLog turns what a guest writes into one log record a line. Escaping is the log handler's work: a line cannot forge
// another record. It is not safe for concurrent use.
type LineLog struct {
	instance *Instance
	stream   string
	partial  []byte
}

// NewLineLog returns a writer whose lines go to the instance's current logger, with the stream's name as a field.
func NewLineLog(instance *Instance, stream string) *LineLog {
	return &LineLog{instance: instance, stream: stream}
}

// Write implements io.Writer. It never fails.
func (l *LineLog) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		if room := maxLine - len(l.partial); len(line) > room {
			line, after, found = rest[:room], rest[room:], true
		}
		l.partial = append(l.partial, line...)
		if found {
			l.emit()
		}
		rest = after
	}
	return len(p), nil
}

// Flush emits a line that has not been ended.
func (l *LineLog) Flush() {
	if len(l.partial) > 0 {
		l.emit()
	}
}

// emit logs the line, unless it is empty: a blank line between two others says nothing in a log.
func (l *LineLog) emit() {
	if line := bytes.TrimSuffix(l.partial, []byte("\r")); len(line) > 0 {
		l.instance.log().Info(string(line), "stream", l.stream)
	}
	l.partial = l.partial[:0]
}
