//go:build !linux

package engine_test

// limitMemory does nothing: halves that need it are skipped here.
func limitMemory(uint64) error { return nil }

// addressSpace is not known here.
func addressSpace() int64 { return 0 }

// mapping is not made here.
type mapping struct{}

func (*mapping) Reallocate(uint64) []byte { return nil }
func (*mapping) Free()                    {}
