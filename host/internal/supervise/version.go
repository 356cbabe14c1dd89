package supervise

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/route"
)

var errOpenFiles = errors.New("middleware stands before modules alone, and public files would be served without it: remove middleware from the manifest, or the folder")

// version is one reading of an app's files: what is loaded are these bytes and no others.
type version struct {
	found    found
	digest   [sha256.Size]byte // of module and manifest; the zero digest where they could not be read
	file     guest.File        // its Data is dropped once it has been loaded
	size     int64             // of the module, in bytes
	settings Settings
	mounts   []mount
	again    bool // the same as what was unloaded
	first    bool // of the apps that were there at the start
}

// mount is where an app answers.
type mount struct{ host, path string }

// mount is the first of the version's mounts, for the log; "" for middleware.
func (v *version) mount() string {
	if len(v.mounts) == 0 {
		return ""
	}
	return v.mounts[0].String()
}

func (m mount) String() string { return m.host + m.path }

// read reads an app's files once: the manifest first, which says how large the module may be. On an error the version still has
// its digest, if the files could be read, so that the same bad files are not tried again.
func (s *Supervisor) read(f found) (*version, error) {
	v := &version{found: f}
	if len(f.manifests) > 1 {
		return v, fmt.Errorf("two manifests, %s: keep one of them", strings.Join(f.manifests, " and "))
	}
	if len(f.public) > 1 {
		return v, fmt.Errorf("two folders of public files, %s and %s: keep one of them", f.public[0].rel, f.public[1].rel)
	}
	var manifest guest.File
	var err error
	if len(f.manifests) == 1 {
		if manifest, err = s.readFile(f.manifests[0], ReadManifest); err != nil {
			return v, err
		}
	}
	if v.settings, err = s.options.Loader.Settings(manifest); err != nil {
		v.digest = digest(manifest)
		return v, err
	}
	if isMiddleware(f.name) {
		v.settings.Middleware = nil // there is nothing before it: those of an app are its own list
	}
	if f.module == "" && len(v.settings.Middleware) > 0 {
		v.digest = digest(manifest)
		return v, errOpenFiles
	}
	if f.module == "" {
		v.digest = digest(guest.File{}, manifest)
		v.mounts, err = mounts(f.name, v.settings)
		return v, err
	}
	module, err := s.readFile(f.module, func(name string) ([]byte, error) { return ReadModule(name, v.settings.MaxModule) })
	if err != nil {
		return v, err
	}
	v.file, v.size, v.digest = module, int64(len(module.Data)), digest(module, manifest)
	v.mounts, err = mounts(f.name, v.settings)
	return v, err
}

func (s *Supervisor) readFile(rel string, read func(string) ([]byte, error)) (guest.File, error) {
	data, err := read(filepath.Join(s.options.Dir, filepath.FromSlash(rel)))
	if err != nil {
		return guest.File{}, fmt.Errorf("read %s: %w", rel, errors.Unwrap(err))
	}
	return guest.File{Name: path.Base(rel), Data: data}, nil
}

// digest names the content of files. Their lengths are part of it: bytes that move from one to the other make a
// difference.
func digest(files ...guest.File) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, file := range files {
		fmt.Fprintf(h, "%s\x00%d\x00", file.Name, len(file.Data))
		h.Write(file.Data)
	}
	h.Sum(sum[:0])
	return sum
}

// mounts lists where an app is to answer, and checks each by itself, so that no app can spoil the table for the others.
func mounts(name string, settings Settings) ([]mount, error) {
	if isMiddleware(name) {
		return nil, nil
	}
	prefix := settings.Mount
	if prefix == "" {
		prefix = defaultMount(name)
	}
	hosts := settings.Hosts
	if len(hosts) == 0 {
		hosts = []string{""}
	}
	out := make([]mount, 0, len(hosts))
	for _, host := range hosts {
		m := mount{host: canonicalHost(host), path: prefix}
		if slices.Contains(out, m) {
			continue
		}
		if _, err := route.New([]route.Mount[string]{{Host: m.host, Path: m.path}}); err != nil {
			return nil, fmt.Errorf("%w; set mount and hosts in the app's manifest", err)
		}
		out = append(out, m)
	}
	return out, nil
}

// canonicalHost is the one spelling of a host that a mount table keeps: two spellings must not pass for two mounts.
func canonicalHost(host string) string {
	host = route.CanonicalHost(host)
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
		return addr.String()
	}
	return host
}

// oneLine makes an error with several lines fit for a log record that is read as one.
func oneLine(err error) string {
	return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
}
