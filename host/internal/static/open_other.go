//go:build !unix

package static

// openFlags are none where no name stands for something that an open would wait for.
const openFlags = 0
