//go:build race

package host_test

// raceDetector says that this binary is an order of magnitude slower and larger than others.
const raceDetector = true
