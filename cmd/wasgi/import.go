package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wasgi/wasgi/host/config"
)

func newImport() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Make a folder of apps of another server's configuration",
		Args:  noSuchCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newImportWAGI())
	return cmd
}

func newImportWAGI() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "wagi MODULES.toml",
		Short: "Make a folder of apps of WAGI's modules.toml",
		Long: "Copy the modules that WAGI's modules.toml names into a folder of apps, with manifests where their file names\n" +
			"do not say enough, and tell what could not be taken over. Paths are looked for as WAGI does, from the current\n" +
			"folder on, and then beside the file. Nothing is written over, and nothing at all is written if a module cannot be had.",
		Example: "  wasgi import wagi modules.toml --to apps",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			modules, err := config.ReadWAGI(args[0], data)
			if err != nil {
				return err
			}
			i := importer{dir: to, beside: filepath.Dir(args[0])}
			if err := i.plan(modules); err != nil {
				return err
			}
			return i.write(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&to, "to", "apps", "the `FOLDER` of apps to write to")
	return cmd
}

// importer collects what is to be written, so that nothing is if one module is wrong.
type importer struct {
	dir, beside string
	apps        []imported
}

// imported is one module that becomes an app.
type imported struct {
	route, from string
	file        string // of the app, in the importer's dir
	module      []byte
	manifest    []byte // empty for none
	notes       []string
}

// plan reads all modules. The error has a line for each that cannot be taken over.
func (i *importer) plan(modules []config.WAGIModule) error {
	var problems []string
	for _, m := range modules {
		app, err := i.app(m)
		if err == nil {
			err = i.free(app)
		}
		if err != nil {
			problems = append(problems, fmt.Sprintf("route %q: %v", m.Route, err))
		}
		i.apps = append(i.apps, app)
	}
	if len(problems) > 0 {
		return fmt.Errorf("nothing was written:\n  %s", strings.Join(problems, "\n  "))
	}
	return nil
}

// app is what becomes of a module.
func (i *importer) app(m config.WAGIModule) (app imported, err error) {
	mount, wild := strings.CutSuffix(m.Route, "/...")
	mount = "/" + strings.Trim(mount, "/")
	app = imported{route: m.Route, notes: lost(m.Lost)}
	switch {
	case !strings.HasPrefix(m.Route, "/"):
		return app, fmt.Errorf("must begin with a slash")
	case m.Entrypoint != "" && m.Entrypoint != "_start":
		return app, fmt.Errorf("entrypoint %q: only _start is run; build a program for each entrypoint", m.Entrypoint)
	case !wild:
		app.notes = append(app.notes, "answers "+strings.TrimSuffix(mount, "/")+"/... too: a mount has all that is below it")
	}
	if app.from, err = modulePath(m.Module); err != nil {
		return app, err
	}
	if app.module, err = i.read(app.from); err != nil {
		return app, err
	}
	name, said := fileName(mount)
	if said {
		mount = ""
	}
	app.file = name + ".wasm"
	app.manifest, err = m.Manifest(mount)
	return app, err
}

// lost says what was set for a module and cannot be had.
func lost(keys []string) []string {
	var notes []string
	for _, key := range keys {
		why := "is not known here"
		switch key {
		case "volumes":
			why = "apps have no files"
		case "allowed_hosts", "http_max_concurrency":
			why = "apps reach no other servers"
		case "argv":
			why = "the arguments are the path and the parts of the query"
		case "repository", "bindle_server":
			why = "modules are files"
		}
		notes = append(notes, "LOST "+key+": "+why)
	}
	return notes
}

// modulePath turns a reference into a path.
func modulePath(reference string) (string, error) {
	path, isURL := strings.CutPrefix(reference, "file://")
	scheme, _, found := strings.Cut(reference, ":")
	switch {
	case !isURL && found && len(scheme) > 1: // one letter is a drive
		return "", fmt.Errorf("module %q: only files can be imported, and %s: is none; fetch it and name the file", reference, scheme)
	case strings.HasSuffix(path, ".wat"):
		return "", fmt.Errorf("module %q: is text; translate it with wat2wasm and name what comes out", reference)
	}
	return filepath.FromSlash(path), nil
}

// read reads a module from where WAGI would, or else from beside its file.
func (i *importer) read(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil && !filepath.IsAbs(path) {
		if beside, besideErr := os.ReadFile(filepath.Join(i.beside, path)); besideErr == nil {
			return beside, nil
		}
	}
	return data, err
}

// fileName is the file of an app under a mount, without its ending, and whether it says where that is.
func fileName(mount string) (name string, said bool) {
	if mount == "/" {
		return "index", true
	}
	name = mount[1:]
	if plain(name) {
		return filepath.FromSlash(name), true
	}
	return "app-" + strings.Trim(strings.Map(func(r rune) rune {
		if isPlain(r) {
			return r
		}
		return '-'
	}, name), "-"), false
}

// plain reports whether a path can be that of an app's file and mean itself.
func plain(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		strange := strings.ContainsFunc(segment, func(r rune) bool { return !isPlain(r) })
		if strange || segment == "" || slices.Contains([]string{"index", "public", "node_modules", "vendor"}, segment) || segment[0] == '_' {
			return false
		}
	}
	return true
}

func isPlain(r rune) bool {
	return r == '-' || r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// paths are the files that an app consists of.
func (i *importer) paths(app imported) (module, manifest string) {
	module = filepath.Join(i.dir, app.file)
	return module, strings.TrimSuffix(module, ".wasm") + ".toml"
}

// free makes sure that nothing is written over.
func (i *importer) free(app imported) error {
	for _, other := range i.apps {
		if strings.EqualFold(other.file, app.file) {
			return fmt.Errorf("is mounted where route %q is", other.route)
		}
	}
	module, manifest := i.paths(app)
	for _, path := range []string{module, manifest} {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s is there already; move it away or import into another folder", path)
		}
	}
	return nil
}

// write writes the apps, manifests first: a host that watches the folder never sees a module without its own.
func (i *importer) write(out io.Writer) error {
	for _, app := range i.apps {
		module, manifest := i.paths(app)
		if err := os.MkdirAll(filepath.Dir(module), 0o777); err != nil {
			return err
		}
		if len(app.manifest) > 0 {
			if err := create(manifest, app.manifest); err != nil {
				return err
			}
		}
		if err := create(module, app.module); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s is now %s\n", app.route, app.from, module)
		for _, note := range app.notes {
			fmt.Fprintf(out, "  %s\n", note)
		}
	}
	return nil
}

// create writes a file that must not be there.
func create(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if _, err := file.Write(data); err != nil {
		_ = file.Close() // the first error is the one that matters
		return err
	}
	return file.Close()
}
