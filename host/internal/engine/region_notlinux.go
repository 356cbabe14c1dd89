//go:build unix && !linux

package engine

const noReserve = 0

// preferLarge has nothing to ask for.
func preferLarge([]byte) {}

// zero reports that pages cannot be made zero by giving them back: only Linux promises it.
func zero([]byte) bool { return false }
