package engine

import "syscall"

const noReserve = syscall.MAP_NORESERVE

// preferLarge asks for large pages. A guest that touches page after page waits for the system each time, and nobody can stop it
// there: 128 MiB take 50 ms with small pages, 8 with large ones. What is kept when the region is given back has small pages, so
// that small memories stay small.
func preferLarge(b []byte) { _ = syscall.Madvise(b, syscall.MADV_HUGEPAGE) } // where there are none, small ones do

// zero makes whole pages zero by giving them back to the system, and reports whether it could.
func zero(b []byte) bool { return syscall.Madvise(b, syscall.MADV_DONTNEED) == nil }
