//go:build race

package engine_test

// raceDetector says that this binary is an order of magnitude slower and larger than others.
const raceDetector = true
