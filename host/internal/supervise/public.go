package supervise

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wasgi/wasgi/host/internal/static"
)

// furniture is a folder of public files that answers, and what it was opened for.
type furniture struct {
	public public
	folder *static.Folder
}

// offer notes which folder of public files a scan has found beside an app. What is in it is nobody's business but the folder's.
func (s *Supervisor) offer(f found) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[f.name]
	if e == nil || s.life.Err() != nil {
		return
	}
	e.public = nil
	if len(f.public) == 1 {
		e.public = &f.public[0]
	}
	s.furnish(e)
}

// furnish opens, changes or closes the app's folder of public files, as what was found and the version that serves have it. The one
// before is closed when the new one is in its place, so that a request which still finds it closed looks again.
func (s *Supervisor) furnish(e *entry) {
	wanted, options := e.public, static.Options{}
	switch {
	case e.version == nil || !e.version.settings.Enabled:
		wanted = nil
	case len(e.version.settings.Middleware) > 0:
		if wanted != nil && e.closedTo != e.version {
			e.closedTo = e.version
			s.options.Log.Error("public files not served", "app", e.app.Name(), "folder", wanted.rel, "cause", errOpenFiles)
		}
		wanted = nil
	default:
		options = static.Options{
			Compress:     e.version.settings.Compress,
			CacheControl: e.version.settings.CacheControl,
			WriteTimeout: e.version.settings.WriteTimeout,
			MaxDuration:  e.version.settings.MaxDuration,
		}
	}
	if e.furnished.is(wanted, options) {
		return
	}
	var next *furniture
	var folder *static.Folder
	if wanted != nil {
		next = s.open(e, *wanted, options)
	}
	if next != nil {
		folder = next.folder
	}
	e.furnished = next
	if previous := e.app.SetPublic(folder); previous != nil {
		_ = previous.Close() // it was read from only
	}
}

// is reports whether nothing has changed.
func (f *furniture) is(wanted *public, options static.Options) bool {
	if f == nil || wanted == nil {
		return f == nil && wanted == nil
	}
	return f.public.rel == wanted.rel && os.SameFile(f.public.info, wanted.info) && f.folder.Options() == options
}

// open opens a folder, or says why it cannot be served, which the next look at the folder tries again.
func (s *Supervisor) open(e *entry, p public, options static.Options) *furniture {
	folder, err := static.Open(filepath.Join(s.options.Dir, filepath.FromSlash(p.rel)), options)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.options.Log.Error("public files not served", "app", e.app.Name(), "folder", p.rel, "cause", err)
		}
		return nil
	}
	return &furniture{public: p, folder: folder}
}
