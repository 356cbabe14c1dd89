package main

import (
	"os"
	"time"
	"unsafe"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// What misuses the machine: memory, processor and stack. Only a sandbox survives these; they are not for a unit test.

// wild is an address that no guest of 32 MiB has.
func wild() unsafe.Pointer { return unsafe.Add(unsafe.Pointer(nil), 0xfff00000) }

func trap(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	start("200 OK", plain())
	return wasgi.Bytes([]byte{*(*byte)(wild())})
}

func panics(wasgi.Environ, wasgi.StartResponse) wasgi.Body { panic("mischief: a panic") }

func exit(wasgi.Environ, wasgi.StartResponse) wasgi.Body {
	os.Exit(3)
	return nil
}

func spin(wasgi.Environ, wasgi.StartResponse) wasgi.Body {
	//lint:ignore SA5002 to spin is what this path is for
	for {
	}
}

func sleep(wasgi.Environ, wasgi.StartResponse) wasgi.Body {
	time.Sleep(time.Hour)
	return nil
}

func recurse(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	start("200 OK", plain())
	return wasgi.Bytes([]byte{deeper(1)})
}

// deeper has frames of 4 KiB: with small ones Go would need longer than the timeout to walk the stack for its report. It
// adds after it calls, so that no compiler can make a loop of it.
func deeper(n int) byte {
	var frame [4096]byte
	frame[n%len(frame)] = 1
	if n == 0 {
		return 0
	}
	return deeper(n+1) + frame[n*n%len(frame)]
}

func memory(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	var kept [][]byte
	for range 1 << 20 {
		block := make([]byte, 1<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		kept = append(kept, block)
	}
	start("200 OK", plain())
	return wasgi.Bytes(kept[0])
}

func pointer(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	start("200 OK", plain())
	return wasgi.Bytes(unsafe.Slice((*byte)(wild()), 1<<20))
}
