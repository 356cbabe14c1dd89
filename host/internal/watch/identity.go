package watch

import "io/fs"

// identity tells one version of a file from the next without reading it. It is that of the file a symbolic link leads to.
// Two equal values mean the same version, except for a rewrite of the same size within one tick of the file system's
// clock; the settler learns of that from an event.
type identity struct {
	// there is false for a path where nothing is that counts. All else is zero then.
	there bool
	// dev, ino and ctime are zero on platforms that do not give them.
	dev, ino uint64
	// size is bytes; mtime and ctime are nanoseconds since 1970.
	size, mtime, ctime int64
}

// identityOf returns the identity of a regular file.
func identityOf(info fs.FileInfo) identity {
	id := identity{there: true, size: info.Size(), mtime: info.ModTime().UnixNano()}
	id.addNumbers(info)
	return id
}

// identityOfFolder returns the identity of a folder that is not entered: it is another one if it was replaced, and the same whatever
// comes and goes in it.
func identityOfFolder(info fs.FileInfo) identity {
	var id identity
	id.addNumbers(info)
	return identity{there: true, dev: id.dev, ino: id.ino}
}
