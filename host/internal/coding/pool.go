package coding

import (
	"io"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// level of gzip: beyond it, half as much time again saves a twentieth of the size.
const level = 3

// Pool lends compressors for gzip, a bounded number at once. Each takes 1.2 MiB while it is lent; what is not is left to the garbage
// collector. Its methods may be called concurrently.
type Pool struct {
	most int64
	lent atomic.Int64
	idle sync.Pool
}

// NewPool returns a pool that lends at most that many at once.
func NewPool(most int) *Pool { return &Pool{most: int64(most)} }

// Take returns a compressor that writes to w, or nil where all are lent: then the content goes out as it is. It must be closed or
// given up.
func (p *Pool) Take(w io.Writer) *Compressor {
	if p.lent.Add(1) > p.most {
		p.lent.Add(-1)
		return nil
	}
	z, _ := p.idle.Get().(*gzip.Writer)
	if z == nil {
		var err error
		if z, err = gzip.NewWriterLevel(w, level); err != nil {
			panic(err) // the level is a constant
		}
	} else {
		z.Reset(w)
	}
	return &Compressor{gzip: z, pool: p}
}

// Lent is how many compressors are in use.
func (p *Pool) Lent() int { return int(p.lent.Load()) }

// Compressor compresses one stream. One goroutine uses it.
type Compressor struct {
	gzip *gzip.Writer // nil once it has been given back
	pool *Pool
}

// Write implements [io.Writer].
func (c *Compressor) Write(b []byte) (int, error) { return c.gzip.Write(b) }

// Flush sends on all that was written, so that the other end can read it.
func (c *Compressor) Flush() error { return c.gzip.Flush() }

// Close ends the stream and gives the compressor back.
func (c *Compressor) Close() error {
	defer c.GiveUp()
	return c.gzip.Close()
}

// GiveUp gives the compressor back without ending the stream. It may be called after Close, and again.
func (c *Compressor) GiveUp() {
	if c.gzip == nil {
		return
	}
	c.gzip.Reset(io.Discard) // nothing of the stream is kept
	c.pool.idle.Put(c.gzip)
	c.gzip = nil
	c.pool.lent.Add(-1)
}
