package engine

import "syscall"

const noReserve = syscall.MAP_NORESERVE

// zero makes whole pages zero by giving them back to the system, and reports whether it could.
func zero(b []byte) bool { return syscall.Madvise(b, syscall.MADV_DONTNEED) == nil }
