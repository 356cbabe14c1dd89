package host

import "github.com/wasgi/wasgi/host/internal/compile"

// CompilerMain is to be called first thing in main, and in TestMain: it lets modules be compiled in child processes of the same
// program, with limits on their time and memory. It returns at once, unless the process was started as such a child: then it
// compiles, and exits. A program that does not call it compiles in process, where a hostile module can exhaust it.
func CompilerMain() { compile.Main() }
