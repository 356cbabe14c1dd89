package bench

import (
	"math/bits"
	"slices"
	"time"
)

// Series is what one server did in its turns.
type Series struct {
	// Requests were answered, among them Failed with another status than the right one, or with a connection that was cut.
	Requests, Failed int
	// Rates are in requests a second, one for each round.
	Rates []float64
	times histogram

	// counted are the requests of rounds that have ended, elapsed the time of the turns since.
	counted int
	elapsed time.Duration
}

// endRound notes the rate of the turns since the last round, and returns it.
func (s *Series) endRound() float64 {
	rate := float64(s.Requests-s.counted) / s.elapsed.Seconds()
	s.counted, s.elapsed = s.Requests, 0
	s.Rates = append(s.Rates, rate)
	return rate
}

func (s *Series) add(c *client) {
	s.Requests += c.requests
	s.Failed += c.failed
	s.times.add(&c.times)
}

// Merge adds the rounds of another series. Neither may be within a round.
func (s *Series) Merge(other *Series) {
	s.Requests += other.Requests
	s.counted = s.Requests
	s.Failed += other.Failed
	s.Rates = append(s.Rates, other.Rates...)
	s.times.add(&other.times)
}

// PerSecond is the median of the rates.
func (s *Series) PerSecond() float64 { return Median(s.Rates) }

// Quantile is the time from the begin of a request to the end of its response that the given part of all stays within; it is
// exact to a thirtieth.
func (s *Series) Quantile(part float64) time.Duration { return s.times.quantile(part) }

// Median is the middle one, or the mean of the two in the middle; 0 for none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// histogram counts durations in buckets whose width grows with them, so that it stays as small as it is however many there are.
// A duration of n nanoseconds with its highest bit at b has the bucket (b-steps)<<steps + n>>(b-steps): its first six bits.
//
//	100 ns = 0b1100100: b = 6, bucket 1<<5 + 0b110010 = 82, which holds 100 and 101 ns
type histogram struct {
	counts [(64 - steps) << steps]uint64
	total  uint64
}

// steps is the logarithm of how many buckets lie between two powers of two.
const steps = 5

func bucketOf(d time.Duration) int {
	n := uint64(max(d, 0))
	shift := max(bits.Len64(n)-1-steps, 0)
	return shift<<steps + int(n>>shift)
}

// valueOf is the middle of a bucket.
func valueOf(bucket int) time.Duration {
	shift := max(bucket>>steps-1, 0)
	least := uint64(bucket-shift<<steps) << shift
	return time.Duration(least + (uint64(1)<<shift-1)/2)
}

func (h *histogram) note(d time.Duration) {
	h.counts[bucketOf(d)]++
	h.total++
}

func (h *histogram) add(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
}

func (h *histogram) quantile(part float64) time.Duration {
	var seen uint64
	for i, n := range h.counts {
		seen += n
		if n > 0 && float64(seen) >= part*float64(h.total) {
			return valueOf(i)
		}
	}
	return 0
}
