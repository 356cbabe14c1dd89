package supervise

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxManifest bounds a manifest's file, in bytes. What reads manifests has its own, lower bound; this one keeps a file that
// is none out of memory.
const maxManifest = 1 << 20

// ReadModule reads a module's file of at most limit bytes. A longer one is not read at all. An error is a [*fs.PathError].
func ReadModule(name string, limit int64) ([]byte, error) {
	return readBounded(name, limit, "; raise max_module in the app's manifest")
}

// ReadManifest reads a manifest's file. An error is a [*fs.PathError].
func ReadManifest(name string) ([]byte, error) { return readBounded(name, maxManifest, "") }

// readBounded looks at the size first, and believes nothing of it: a file may grow while it is read.
func readBounded(name string, limit int64, advice string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	tooLarge := func(size int64) error {
		return &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("has %d bytes and may have %d%s", size, limit, advice)}
	}
	if info.Size() > limit {
		return nil, tooLarge(info.Size())
	}
	data := make([]byte, 0, info.Size()+1) // one more, to see the end without growing
	for {
		n, err := file.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > limit:
			return nil, tooLarge(int64(len(data)))
		case err == io.EOF:
			return data, nil
		case err != nil:
			return nil, err
		case len(data) == cap(data):
			data = append(data, 0)[:len(data)]
		}
	}
}
