// Package c holds the SDK for apps in C and C++ as files to be written out beside a compiler. The SDK itself is wasgi.h; README.md says
// how it is used.
package c

import "embed"

// Headers holds wasgi.h, which an app includes, and wasgi_test.h for its tests.
//
//go:embed wasgi.h wasgi_test.h
var Headers embed.FS
