package main

import (
	"context"
	"errors"
	"os/exec"
)

// language is how apps in one language are built.
type language struct {
	tool    string // what must be in PATH
	missing error  // what is said if it is not
	build   func(ctx context.Context, source, output string) error
}

var (
	errNoGo    = errors.New("the Go toolchain is needed to build apps, and there is no go in PATH; install it from https://go.dev/dl")
	errNoCargo = errors.New("cargo is needed to build apps in Rust, and there is none in PATH; install it from https://rustup.rs")
)

// languageOf is that of an app's source.
func languageOf(source string) language {
	if isRust, _ := inspectCargo(source); isRust {
		return language{"cargo", errNoCargo, compileRust}
	}
	return language{"go", errNoGo, compileGo}
}

func (l language) installed() error {
	if _, err := exec.LookPath(l.tool); err != nil {
		return l.missing
	}
	return nil
}

func (l language) compile(ctx context.Context, source, output string) error {
	if err := l.installed(); err != nil {
		return err
	}
	return l.build(ctx, source, output)
}

// noToolchain says what is missing if none of the sources can be built. Otherwise each says so for itself, and the others are built.
func noToolchain(sources []string) error {
	var missing error
	for _, source := range sources {
		err := languageOf(source).installed()
		if err == nil {
			return nil
		}
		if missing == nil {
			missing = err
		}
	}
	return missing
}
