package cgi_test

import (
	"os"
	"testing"

	"github.com/wasgi/wasgi/host/internal/compile"
)

func TestMain(m *testing.M) {
	compile.Main()
	os.Exit(m.Run())
}
