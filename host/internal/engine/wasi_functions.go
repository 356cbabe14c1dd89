package engine

// wasiFunctions is the whole of WASI preview 1 by name and type, so that what compilers and C libraries import can be linked.
// The list is an allow-list: what has a function of its own here does something, and all else answers as a system without
// files and sockets does.
func wasiFunctions(c clock) []HostFunction {
	out := []HostFunction{
		wasi("args_get", listGet(args), I32, I32),
		wasi("args_sizes_get", listSizes(args), I32, I32),
		wasi("environ_get", listGet(environ), I32, I32),
		wasi("environ_sizes_get", listSizes(environ), I32, I32),
		wasi("clock_res_get", clockRes, I32, I32),
		wasi("clock_time_get", c.timeGet, I32, I64, I32),
		wasi("poll_oneoff", c.pollOneoff, I32, I32, I32, I32).Waiting(),
		wasi("random_get", randomGet, I32, I32),
		wasi("sched_yield", schedYield),
		procExit(),
		wasi("proc_raise", always(errnoNosys), I32),
		wasi("sock_accept", answer(0, errnoNotsock), I32, I32, I32),
		wasi("sock_recv", answer(0, errnoNotsock), I32, I32, I32, I32, I32, I32),
		wasi("sock_send", answer(0, errnoNotsock), I32, I32, I32, I32, I32),
		wasi("sock_shutdown", answer(0, errnoNotsock), I32, I32),
	}
	out = append(out, wasiDescriptors()...)
	return append(out, wasiPaths()...)
}

// wasiDescriptors are the functions on an open descriptor, of which there are three. To sync them succeeds: what was written
// has reached the log. To close them does too, and does nothing, as does every change of their flags.
func wasiDescriptors() []HostFunction {
	return []HostFunction{
		wasi("fd_advise", answer(0, errnoSpipe), I32, I64, I64, I32),
		wasi("fd_allocate", answer(0, errnoSpipe), I32, I64, I64),
		wasi("fd_close", answer(0, errnoSuccess), I32),
		wasi("fd_datasync", answer(0, errnoSuccess), I32),
		wasi("fd_fdstat_get", fdstatGet, I32, I32),
		wasi("fd_fdstat_set_flags", fdstatSetFlags, I32, I32),
		wasi("fd_fdstat_set_rights", answer(0, errnoNosys), I32, I64, I64),
		wasi("fd_filestat_get", filestatGet, I32, I32),
		wasi("fd_filestat_set_size", answer(0, errnoInval), I32, I64),
		wasi("fd_filestat_set_times", answer(0, errnoNotsup), I32, I64, I64, I32),
		wasi("fd_pread", answer(0, errnoSpipe), I32, I32, I32, I64, I32),
		wasi("fd_prestat_get", always(errnoBadf), I32, I32), // no folder was opened for the guest: libc asks from 3 upwards
		wasi("fd_prestat_dir_name", always(errnoBadf), I32, I32, I32),
		wasi("fd_pwrite", answer(0, errnoSpipe), I32, I32, I32, I64, I32),
		wasi("fd_read", fdRead, I32, I32, I32, I32),
		wasi("fd_readdir", answer(0, errnoNotdir), I32, I32, I32, I64, I32),
		wasi("fd_renumber", fdRenumber, I32, I32),
		wasi("fd_seek", answer(0, errnoSpipe), I32, I64, I32, I32),
		wasi("fd_sync", answer(0, errnoSuccess), I32),
		wasi("fd_tell", answer(0, errnoSpipe), I32, I32),
		wasi("fd_write", fdWrite, I32, I32, I32, I32),
	}
}

// wasiPaths are the functions on a path below an open folder, of which there is none.
func wasiPaths() []HostFunction {
	return []HostFunction{
		wasi("path_create_directory", answer(0, errnoNotdir), I32, I32, I32),
		wasi("path_filestat_get", answer(0, errnoNotdir), I32, I32, I32, I32, I32),
		wasi("path_filestat_set_times", answer(0, errnoNotdir), I32, I32, I32, I32, I64, I64, I32),
		wasi("path_link", answer(0, errnoNotdir), I32, I32, I32, I32, I32, I32, I32),
		wasi("path_open", answer(0, errnoNotdir), I32, I32, I32, I32, I32, I64, I64, I32, I32),
		wasi("path_readlink", answer(0, errnoNotdir), I32, I32, I32, I32, I32, I32),
		wasi("path_remove_directory", answer(0, errnoNotdir), I32, I32, I32),
		wasi("path_rename", answer(0, errnoNotdir), I32, I32, I32, I32, I32, I32),
		wasi("path_symlink", answer(2, errnoNotdir), I32, I32, I32, I32, I32),
		wasi("path_unlink_file", answer(0, errnoNotdir), I32, I32, I32),
	}
}
