//go:build wasip1

package wasgi

import "unsafe"

//go:wasmimport wasi_snapshot_preview1 random_get
func randomGet(p unsafe.Pointer, length uint32) uint32

// freshSeed asks WASI itself: package crypto/rand would make a small guest a good deal larger.
func freshSeed() (seed [32]byte) {
	if errno := randomGet(unsafe.Pointer(&seed), uint32(len(seed))); errno != 0 {
		panic("wasgi: Rand: the host gives no random bytes")
	}
	return seed
}
