package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/wasgi/wasgi/host"
)

// request is what the flags of call and bench describe.
type request struct {
	method  string
	headers []string
	data    string
	hasData bool
	path    string
}

func newCall() *cobra.Command {
	var r request
	cmd := &cobra.Command{
		Use:   "call FILE.wasm [PATH]",
		Short: "Play one request on an app, without a server",
		Long: "Play one request on an app, without a server, and print status, headers and body as `curl -i` does.\n" +
			"PATH is the path below the app's mount, with a query if need be; / if it is not given.\n" +
			"A manifest beside the file is obeyed. The exit code is 1 if the app met a fault.",
		Example: "  wasgi call plugins/hello.wasm /\n  wasgi call plugins/echo.wasm -d @photo.jpg /",
		Args:    arguments(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.take(cmd, args[1:])
			return call(cmd, args[0], r)
		},
	}
	r.addFlags(cmd)
	addLogFlags(cmd)
	return cmd
}

func (r *request) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&r.method, "request", "X", "", "request `METHOD` (default GET, with a body POST)")
	cmd.Flags().StringArrayVarP(&r.headers, "header", "H", nil, "request `HEADER`, as 'Name: value'; may be repeated")
	cmd.Flags().StringVarP(&r.data, "data", "d", "", "request `BODY`; @FILE sends a file, @- standard input")
}

// take takes the path, if there is one, and notes what was given at all.
func (r *request) take(cmd *cobra.Command, path []string) {
	r.hasData = cmd.Flags().Changed("data")
	r.path = "/"
	if len(path) > 0 {
		r.path = path[0]
	}
}

func call(cmd *cobra.Command, file string, r request) error {
	options, err := hostOptions(cmd, "")
	if err != nil {
		return err
	}
	req, body, err := r.build(cmd.InOrStdin())
	if err != nil {
		return err
	}
	defer body.Close()
	w := &printer{out: cmd.OutOrStdout(), header: http.Header{}, proto: req.Proto}
	err = host.Call(cmd.Context(), options, file, w, req)
	w.end()
	return err
}

// build makes the request as a server would see it. The caller closes the body.
func (r request) build(stdin io.Reader) (*http.Request, io.Closer, error) {
	body, length, err := r.open(stdin)
	if err != nil {
		return nil, nil, err
	}
	if !strings.HasPrefix(r.path, "/") {
		return nil, nil, usageError{fmt.Errorf("PATH %q: must begin with a slash", r.path)}
	}
	method := r.method
	if method == "" {
		method = http.MethodGet
		if r.hasData {
			method = http.MethodPost
		}
	}
	req, err := http.NewRequest(method, "http://localhost"+r.path, body)
	if err != nil {
		return nil, nil, usageError{err}
	}
	req.RequestURI, req.RemoteAddr, req.ContentLength = r.path, "127.0.0.1:0", length
	if r.hasData {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl does
	}
	req.Header.Set("User-Agent", "wasgi")
	req.Header.Set("Accept", "*/*")
	return req, body, r.addHeaders(req)
}

func (r request) addHeaders(req *http.Request) error {
	given := http.Header{}
	for _, header := range r.headers {
		name, value, ok := strings.Cut(header, ":")
		if !ok || !isToken(name) || strings.ContainsFunc(value, unicode.IsControl) {
			return usageError{fmt.Errorf("header %q: must be 'Name: value'", header)}
		}
		given.Add(name, strings.TrimSpace(value))
	}
	for name, values := range given {
		req.Header[name] = values
	}
	if host := given.Get("Host"); host != "" {
		req.Host = host
		req.Header.Del("Host")
	}
	return nil
}

// isToken reports whether a server would take a header of that name.
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// open returns the request's body and its length, -1 if that is not known.
func (r request) open(stdin io.Reader) (io.ReadCloser, int64, error) {
	if !r.hasData {
		return http.NoBody, 0, nil
	}
	name, isFile := strings.CutPrefix(r.data, "@")
	switch {
	case !isFile:
		return io.NopCloser(bytes.NewBufferString(r.data)), int64(len(r.data)), nil
	case name == "-":
		return io.NopCloser(stdin), -1, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close() // the first error is the one that matters
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// printer is a response writer that prints what it gets, at once.
type printer struct {
	out    io.Writer
	header http.Header
	proto  string
	begun  bool
}

func (p *printer) Header() http.Header { return p.header }

func (p *printer) WriteHeader(status int) {
	if p.begun {
		return
	}
	p.begun = true
	fmt.Fprintf(p.out, "%s %d %s\r\n", p.proto, status, http.StatusText(status))
	names := make([]string, 0, len(p.header))
	for name := range p.header {
		if name != "Connection" { // there is none
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range p.header[name] {
			fmt.Fprintf(p.out, "%s: %s\r\n", name, value)
		}
	}
	fmt.Fprint(p.out, "\r\n")
}

func (p *printer) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.out.Write(b)
}

// Flush implements [http.Flusher]: nothing is held back.
func (p *printer) Flush() {}

// end puts the shell's prompt on a line of its own.
func (p *printer) end() {
	if p.begun && isTerminal(p.out) {
		fmt.Fprintln(p.out)
	}
}
