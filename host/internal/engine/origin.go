package engine

import (
	"sync"
	"sync/atomic"
)

// Origin is what the instances of a module that is restored are copies of: the image of the first of them, and what its kind knows of
// that one (K). The zero value has none yet. It may be used concurrently.
type Origin[K any, I Imaged] struct {
	first sync.Mutex // held while the first instance is made
	taken atomic.Pointer[taken[K]]
}

// Imaged is an instance as a kind has it.
type Imaged interface {
	Image() (*Image, error)
	Close()
}

type taken[K any] struct {
	image *Image
	known K
}

// Make returns what clone makes of the image, or what first makes as long as there is none: of that the image is taken.
func (o *Origin[K, I]) Make(clone func(*Image, K) (I, error), first func() (I, K, error)) (I, error) {
	if t := o.taken.Load(); t != nil {
		return clone(t.image, t.known)
	}
	o.first.Lock()
	defer o.first.Unlock()
	if t := o.taken.Load(); t != nil {
		return clone(t.image, t.known)
	}
	i, known, err := first()
	if err != nil {
		return i, err
	}
	image, err := i.Image()
	if err != nil {
		i.Close()
		return i, err
	}
	o.taken.Store(&taken[K]{image, known})
	image.module.DropData()
	return i, nil
}

// Bytes is what the image takes.
func (o *Origin[K, I]) Bytes() int64 {
	if t := o.taken.Load(); t != nil {
		return t.image.Bytes()
	}
	return 0
}

// Known is what is known of the first instance. There must have been one.
func (o *Origin[K, I]) Known() K { return o.taken.Load().known }
