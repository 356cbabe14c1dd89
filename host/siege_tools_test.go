package host_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// siegeLoad asks a server for hello on connections that are kept alive, until it is stopped.
type siegeLoad struct {
	served, failed atomic.Int64
	stop           atomic.Bool
	group          sync.WaitGroup
}

// startLoad begins the load of some clients.
func startLoad(t testing.TB, server *httptest.Server, clients int) *siegeLoad {
	l := &siegeLoad{}
	for range clients {
		l.group.Go(func() {
			client := &http.Client{Transport: &http.Transport{}, Timeout: hang}
			defer client.CloseIdleConnections()
			for !l.stop.Load() {
				if body, err := fetch(client, server.URL+"/hello"); err != nil || body != hello {
					l.failed.Add(1)
					t.Errorf("hello under siege: %q, %v", body, err)
					return
				}
				l.served.Add(1)
			}
		})
	}
	return l
}

// fetch returns the body of a 200.
func fetch(client *http.Client, url string) (string, error) {
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return string(body), err
}

// end stops the load and waits for its clients.
func (l *siegeLoad) end() {
	l.stop.Store(true)
	l.group.Wait()
}

// during returns how many requests a second were served while f ran.
func (l *siegeLoad) during(f func()) float64 {
	before, begin := l.served.Load(), time.Now()
	f()
	return float64(l.served.Load()-before) / time.Since(begin).Seconds()
}

// collector collects garbage all the time, and keeps the longest time that one turn took.
type collector struct {
	longest atomic.Int64
	done    chan struct{}
	group   sync.WaitGroup
}

func startCollector() *collector {
	c := &collector{done: make(chan struct{})}
	c.group.Go(func() {
		for {
			begin := time.Now()
			runtime.GC()
			c.longest.Store(max(c.longest.Load(), int64(time.Since(begin))))
			select {
			case <-c.done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return c
}

// end returns the longest time.
func (c *collector) end() time.Duration {
	close(c.done)
	c.group.Wait()
	return time.Duration(c.longest.Load())
}

// footprint is what the process holds on to.
type footprint struct {
	goroutines, heap, maps, descriptors int
}

func takeFootprint() footprint {
	runtime.GC()
	runtime.GC() // what finalizers let go of in the first
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return footprint{runtime.NumGoroutine(), int(stats.HeapAlloc), countMaps(), countDescriptors()}
}

func (f footprint) String() string {
	return fmt.Sprintf("%d goroutines, %d KiB of heap, %d maps, %d descriptors", f.goroutines, f.heap>>10, f.maps, f.descriptors)
}

// settledFootprint waits for the last instances, which are made and closed aside.
func settledFootprint(before footprint) footprint {
	for deadline := time.Now().Add(hang); ; time.Sleep(10 * time.Millisecond) {
		if now := takeFootprint(); now.goroutines <= before.goroutines+5 || time.Now().After(deadline) {
			return now
		}
	}
}
