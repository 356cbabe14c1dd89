package static

import (
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"io/fs"
	"strings"
	"time"
)

// coarsest is what two writes to a file may lie apart and still give it one time: the clock of the coarsest file system.
const coarsest = 2 * time.Second

// tagOf returns the entity tag of a file's content, without reading it: from what the system changes when a file is written or
// replaced. A file that was written a moment ago may be written once more within the same tick of the file system's clock, so its
// tag is a weak one.
func tagOf(info fs.FileInfo, contentCoding string, now time.Time) string {
	h := fnv.New64a()
	var numbers [24]byte
	binary.LittleEndian.PutUint64(numbers[0:], uint64(info.Size()))
	binary.LittleEndian.PutUint64(numbers[8:], uint64(info.ModTime().UnixNano()))
	binary.LittleEndian.PutUint64(numbers[16:], inode(info))
	h.Write(numbers[:])
	h.Write([]byte(contentCoding))
	tag := `"` + hex.EncodeToString(h.Sum(nil)) + `"`
	if now.Sub(info.ModTime()) < coarsest {
		return weak(tag)
	}
	return tag
}

// weak returns a tag as one of content that means the same, and need not be the same bytes.
func weak(tag string) string { return "W/" + strings.TrimPrefix(tag, "W/") }
