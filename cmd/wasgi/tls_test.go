package main

import (
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

// certify writes a certificate for 127.0.0.1 and its key, which is the one that package httptest has.
func certify(ts *testscript.TestScript, args []string) {
	takes(ts, args, 2)
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	pair := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	ts.Check(err)
	for file, block := range map[string]*pem.Block{
		args[0]: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]},
		args[1]: {Type: "PRIVATE KEY", Bytes: key},
	} {
		ts.Check(os.WriteFile(ts.MkAbs(file), pem.EncodeToMemory(block), 0o600))
	}
}

var servingTLS = regexp.MustCompile(`(?m)^serving \S+ at (https://\S+)/$`)

// getTLS asks a server with that certificate until it answers, by HTTP/2.
func getTLS(ts *testscript.TestScript, args []string) {
	takes(ts, args, 3)
	s := named(ts, args[0])
	var match []string
	wait(ts, s, "serves TLS", func() bool {
		match = servingTLS.FindStringSubmatch(s.said.String())
		return match != nil
	})
	trusting := httptest.NewUnstartedServer(http.NotFoundHandler())
	trusting.EnableHTTP2 = true
	trusting.StartTLS()
	defer trusting.Close()
	response, err := trusting.Client().Get(match[1] + args[1])
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	if response.Proto != "HTTP/2.0" || string(body) != args[2] {
		ts.Fatalf("%s %s %q", response.Proto, response.Status, body)
	}
}
