//go:build !wasip1

package wasgi

import "crypto/rand"

func freshSeed() (seed [32]byte) {
	_, _ = rand.Read(seed[:]) // it never fails
	return seed
}
