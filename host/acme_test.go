package host_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/certtest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// pebble is the test server of the people who make Let's Encrypt's.
const pebble = "github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.3"

// Certificates come from an authority, by either of the challenges that a server can answer.
func TestAutomaticCertificates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plain   bool // whether there is a plain listener
		seesTLS bool // whether the authority gets through to the one with TLS
	}{
		"HTTP-01":     {plain: true},
		"TLS-ALPN-01": {seesTLS: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tool := guesttest.Tool(t, pebble)
			dir, storage := t.TempDir(), filepath.Join(t.TempDir(), "new", "storage")
			write(t, filepath.Join(dir, "hello.wasm"), guesttest.Wasm(t, "hello"))
			plain, secure, directory := freePort(t), freePort(t), freePort(t)
			visible := secure
			if !c.seesTLS {
				visible = freePort(t)
			}
			root := startPebble(t, tool, directory, plain, visible)
			s := serve(t, dir, func(cfg *config.Config) {
				cfg.Server.Listen = ""
				if c.plain {
					cfg.Server.Listen = fmt.Sprintf("127.0.0.1:%d", plain)
				}
				cfg.TLS.Listen = fmt.Sprintf("127.0.0.1:%d", secure)
				cfg.TLS.Domains, cfg.TLS.Email = []string{"app.test"}, "you@app.test"
				cfg.TLS.CA, cfg.TLS.CARoot, cfg.TLS.Storage = fmt.Sprintf("https://127.0.0.1:%d/dir", directory), root, storage
			})
			client := &http.Client{Transport: &http.Transport{
				TLSClientConfig:   &tls.Config{ServerName: "app.test", InsecureSkipVerify: true, VerifyConnection: fromPebble},
				ForceAttemptHTTP2: true,
			}}
			defer client.CloseIdleConnections()
			var response *http.Response
			for deadline := time.Now().Add(hang); ; time.Sleep(50 * time.Millisecond) {
				var err error
				if response, err = client.Get("https://" + s.tls + "/hello"); err == nil {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("no certificate: %v", err)
				}
			}
			defer response.Body.Close()
			if body, err := io.ReadAll(response.Body); err != nil || string(body) != hello || response.ProtoMajor != 2 {
				t.Errorf("%s %q, %v", response.Proto, body, err)
			}
			if info, err := os.Stat(storage); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("the storage: %v, %v", info, err)
			}
			// For no other name a certificate is asked, and none is shown.
			if c, err := tls.Dial("tcp", s.tls, &tls.Config{ServerName: "other.test", InsecureSkipVerify: true}); err == nil {
				t.Error("a client that asks for another name is shown a certificate")
				_ = c.Close()
			}
		})
	}
}

// fromPebble refuses what pebble has not signed.
func fromPebble(state tls.ConnectionState) error {
	leaf := state.PeerCertificates[0]
	if !strings.Contains(leaf.Issuer.CommonName, "Pebble") || leaf.VerifyHostname("app.test") != nil {
		return x509.HostnameError{Certificate: leaf, Host: "app.test"}
	}
	return nil
}

// startPebble starts the authority for the length of a test, and returns the file of the root that its own HTTPS is signed with. It
// looks for servers at the two ports.
func startPebble(t *testing.T, tool string, port, plain, secure int) (root string) {
	t.Helper()
	dir := t.TempDir()
	authority := certtest.New(t)
	certificate, key := authority.Write(t, dir, "127.0.0.1")
	root = filepath.Join(dir, "root.pem")
	write(t, root, authority.PEM())
	settings, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": fmt.Sprintf("127.0.0.1:%d", port), "certificate": certificate, "privateKey": key,
		"httpPort": plain, "tlsPort": secure, "keyAlgorithm": "ecdsa", "retryAfter": map[string]int{"authz": 1, "order": 1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	write(t, file, settings)
	cmd := exec.Command(tool, "-config", file, "-dnsserver", startDNS(t))
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it ends in no other way
		_ = cmd.Wait()
	})
	client := client(t, authority)
	for deadline := time.Now().Add(hang); ; time.Sleep(10 * time.Millisecond) {
		response, err := client.Get(fmt.Sprintf("https://127.0.0.1:%d/dir", port))
		if err == nil {
			_ = response.Body.Close()
			return root
		}
		if time.Now().After(deadline) {
			t.Fatalf("pebble does not answer: %v", err)
		}
	}
}

// startDNS answers by TCP that every name is at 127.0.0.1, and returns where it listens.
func startDNS(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { answer(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	return listener.Addr().String()
}

// answer answers the questions of one connection, each behind its length.
func answer(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(hang)) // a client that is gone ends it too
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, question); err != nil {
			return
		}
		answer := loopbackAnswer(question)
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

// loopbackAnswer answers a question for an IPv4 address, and says of everything else that there is none.
func loopbackAnswer(question []byte) []byte {
	end := 12 // of the header
	for end < len(question) && question[end] != 0 {
		end += 1 + int(question[end])
	}
	end += 5 // the root, type and class
	if end > len(question) {
		return nil
	}
	answer := append([]byte{question[0], question[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question[12:end]...)
	if isA := question[end-4] == 0 && question[end-3] == 1; isA {
		answer[7] = 1
		answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1)
	}
	return answer
}

// freePort is a port that nobody listens at.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
