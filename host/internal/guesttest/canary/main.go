//go:build wasip1

// Command canary is the guest canary.wat in Go: its marks are 8 bytes of 0xa7 at an address that is divisible by 8. It leaves them
// in globals, maps, channels, on the heap and the stacks of goroutines, and has the garbage collector run in between.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"unsafe"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

func init() {
	// Without room in the heap most requests would grow the memory, and few be served by an instance that was restored.
	_ = make([]byte, 4<<20)
	runtime.GC()
	wasgi.Handle(app)
}

func main() {}

// opposite has all bits that a mark has not: the mark itself must not come to lie in memory while it is looked for.
const opposite = 0x5858_5858_5858_5858

var (
	words   [1000]uint64
	kept    = map[string][]uint64{}
	chained *link
	waiting = make(chan []uint64, 10)
)

type link struct {
	words [20]uint64
	next  *link
}

// pages is how large the memory is, in units of 64 KiB.
func pages() uint32

func app(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	found := scan()
	start("200 OK", nil)
	body, _ := io.ReadAll(env.Input())
	how := byte(0)
	if len(body) > 0 {
		how = body[0]
	}
	if how != 'q' {
		leaveMarks()
	}
	if how == 'w' {
		return wasgi.Stream(func(yield func([]byte) bool) {
			for yield([]byte("a lot of text")) {
			}
		})
	}
	misbehave(how)
	return wasgi.Text(fmt.Sprint(min(found, 9)))
}

func scan() int {
	found := len(kept) + len(waiting)
	if chained != nil || os.Getenv("CANARY") != "" {
		found++
	}
	end := uintptr(pages()) << 16
	for at := uintptr(8); at < end; at += 8 {
		if *(*uint64)(unsafe.Add(nil, at))^opposite == 1<<64-1 {
			found++
		}
	}
	return found
}

func marked(n int) []uint64 {
	m := make([]uint64, n)
	for i := range m {
		m[i] = ^uint64(opposite)
	}
	return m
}

//go:noinline
func deep(n int) uint64 {
	var frame [16]uint64
	copy(frame[:], marked(16))
	if n == 0 {
		return frame[3]
	}
	return deep(n-1) ^ frame[n%16]
}

func leaveMarks() {
	copy(words[:], marked(len(words)))
	for n := range 30 {
		kept[fmt.Sprint("key ", n)] = marked(10 * n)
		chained = &link{next: chained}
		copy(chained.words[:], marked(20))
	}
	waiting <- marked(100)
	for range 4 {
		go func() {
			deep(20)
			<-make(chan int) // for ever
		}()
	}
	runtime.Gosched()
	_ = marked(5000)
	runtime.GC()
	_ = os.Setenv("CANARY", "set")
	fmt.Println("marked")
	_ = os.Stdout.Close()
}

func misbehave(how byte) {
	switch how {
	case 'g':
		kept["large"] = marked(1 << 20)
	case 'd', 'r':
		words[0] = deep(map[byte]int{'d': 3000, 'r': 1 << 40}[how])
	case 't':
		panic("as asked")
	case 's':
		for {
			words[1]++
		}
	case 'e':
		os.Exit(0)
	}
}
