package compile

import (
	"runtime/metrics"
	"time"
)

// watchEvery is how often a child looks at itself. What it takes within that time is left to the system's own limits.
const watchEvery = 5 * time.Millisecond

func (w *worker) watch() {
	for range time.Tick(watchEvery) {
		w.look()
	}
}

// look ends the child when it has passed a bound, with an answer that says which.
func (w *worker) look() {
	switch bounds := w.order.Bounds; {
	case int64(memoryUsed()) > bounds.Memory:
		w.end(answer{Kind: KindMemory})
	case processorTime() > bounds.CPU:
		w.end(answer{Kind: KindCPU})
	}
}

// memoryUsed is what Go's runtime has from the system and has not given back, in bytes.
func memoryUsed() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}
