//go:build !unix

package compile

import "io/fs"

// onlyOurs has nothing to say where folders of a user are closed to others unless he opens them.
func onlyOurs(fs.FileInfo) error { return nil }
