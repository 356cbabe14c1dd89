package bench

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestHistogramIsExactToAThirtieth(t *testing.T) {
	t.Parallel()
	check := func(d time.Duration) {
		got := valueOf(bucketOf(d))
		if off := max(got-d, d-got); float64(off) > float64(d)/30 {
			t.Errorf("%d ns became %d ns", d, got)
		}
	}
	for d := range time.Duration(10_000) {
		check(d)
	}
	source := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		check(time.Duration(source.Uint64() >> (1 + source.IntN(63))))
	}
	check(1<<63 - 1)
	if bucketOf(-1) != 0 {
		t.Error("a negative duration is not 0")
	}
}

func TestBucketsRise(t *testing.T) {
	t.Parallel()
	for b := range len(histogram{}.counts) {
		if got := bucketOf(valueOf(b)); got != b {
			t.Fatalf("the middle of bucket %d lies in bucket %d", b, got)
		}
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	var s, other Series
	if s.Quantile(0.5) != 0 || s.PerSecond() != 0 {
		t.Error("nothing has a quantile")
	}
	for n := range 100 {
		series := &s
		if n%2 == 0 {
			series = &other
		}
		series.times.note(time.Duration(n+1) * time.Millisecond)
	}
	s.Rates, other.Rates = []float64{3, 1}, []float64{2}
	s.Merge(&other)
	for part, want := range map[float64]time.Duration{0.5: 50 * time.Millisecond, 0.99: 99 * time.Millisecond, 1: 100 * time.Millisecond} {
		if got := s.Quantile(part); max(got-want, want-got) > want/30 {
			t.Errorf("quantile %v: %s, want %s", part, got, want)
		}
	}
	if s.PerSecond() != 2 {
		t.Errorf("the median of the rates is %v", s.PerSecond())
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1}, 5}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := Median(c.values); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}
