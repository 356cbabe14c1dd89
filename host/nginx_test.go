package host_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// nginx is one that runs as a proxy.
type nginx struct {
	network, address string // where it listens
	dir              string
	stop             func() // returns when it has ended
}

// startNginx starts nginx with what stands in a configuration's http block. There DIR is its folder, and LISTEN where it is to listen
// on the network. It ends with the test.
func startNginx(t *testing.T, network, http string) *nginx {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		if path = "/usr/sbin/nginx"; !exists(path) { // where Debian has it, beyond the PATH of users
			t.Skip("nginx is not installed")
		}
	}
	n := &nginx{network: network, dir: shortDir(t)}
	listen := n.choose(t)
	file := filepath.Join(n.dir, "nginx.conf")
	text := strings.NewReplacer("DIR", n.dir, "LISTEN", listen).Replace(nginxFrame + http + "\n}\n")
	write(t, file, []byte(text))
	ctx, kill := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, path, "-p", n.dir, "-e", filepath.Join(n.dir, "error"), "-c", file)
	command.Stdout, command.Stderr = t.Output(), t.Output()
	must(t, command.Start())
	n.stop = sync.OnceFunc(func() {
		kill()
		_ = command.Wait() // which says that it was killed
	})
	t.Cleanup(n.stop)
	if !eventually(func() bool {
		conn, err := net.Dial(n.network, n.address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}) {
		text, _ := os.ReadFile(filepath.Join(n.dir, "error"))
		t.Fatalf("nginx does not start: %s", text)
	}
	return n
}

// choose finds a place to listen at, and returns it as nginx writes it.
func (n *nginx) choose(t *testing.T) string {
	t.Helper()
	if n.network == "unix" {
		n.address = filepath.Join(n.dir, "socket")
		return "unix:" + n.address
	}
	listener, err := net.Listen(n.network, "127.0.0.1:0")
	must(t, err)
	n.address = listener.Addr().String()
	must(t, listener.Close())
	return n.address
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// nginxFrame makes it one process, so that one kill ends it, that writes to its folder alone.
const nginxFrame = `
daemon off;
master_process off;
error_log DIR/error error;
pid DIR/pid;
events { worker_connections 64; }
http {
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi;
	uwsgi_temp_path DIR/uwsgi;
	scgi_temp_path DIR/scgi;
`

// shortDir is a folder whose path leaves room in the address of a socket, which may have 100 bytes.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "w")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
