package compile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// Key names a module and all else that decides what its compiled code looks like.
type Key [sha256.Size]byte

func (k Key) String() string { return hex.EncodeToString(k[:]) }

// key leaves out what the processor can do: wazero's own name for the code holds that, and an entry from another machine is
// found out when the runtime does not take it.
func (c *Compiler) key(data []byte) (key Key) {
	hash := sha256.New()
	fmt.Fprintf(hash, "%q %s %s\n", c.build, runtime.GOOS, runtime.GOARCH)
	hash.Write(data)
	hash.Sum(key[:0])
	return key
}

const wazeroPath = "github.com/tetratelabs/wazero"

// thisBuild names the compiler that is linked into the program: all builds with the same one can use the same code. Where the
// program does not say which one that is, its own bytes do.
func thisBuild() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path != wazeroPath {
				continue
			}
			if dep.Replace != nil {
				dep = dep.Replace
			}
			if dep.Sum != "" { // a folder has none
				return strings.Join([]string{info.GoVersion, dep.Path, dep.Version, dep.Sum}, " ")
			}
		}
	}
	return programHash()
}

// programHash is "" where the program cannot be read: nothing can be said about such a build.
func programHash() string {
	file, err := os.Open(program())
	if err != nil {
		return ""
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return ""
	}
	return "program " + hex.EncodeToString(hash.Sum(nil))
}

// program is the file of the running program. On Linux the kernel's link still leads there when the file was replaced, as an
// upgrade does.
func program() string {
	const link = "/proc/self/exe"
	if runtime.GOOS == "linux" {
		if _, err := os.Stat(link); err == nil {
			return link
		}
	}
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return path
}
