//go:build unix

package engine

import "syscall"

// mapRegion reserves address space. No bytes are committed: a guest pays for what it touches.
func mapRegion(size int) region {
	if size == 0 {
		return nil
	}
	r, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|noReserve)
	if err != nil {
		return nil // the memory then lies in Go's heap
	}
	if size > keepOfRegion {
		preferLarge(r[keepOfRegion:])
	}
	return r
}

// unmapRegion gives a region back to the system. It can only fail for what is no region.
func unmapRegion(r region) { _ = syscall.Munmap(r) }
