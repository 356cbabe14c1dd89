// The functions of wasgi_v1, as abi/SPEC.md has them. Each returns 0 or more, or the negative of a code.

@external("wasgi_v1", "start_response")
export declare function start_response(status: usize, statusLength: i32, headers: usize, headersLength: i32, excInfo: i32): i32;

@external("wasgi_v1", "write")
export declare function write(block: usize, length: i32): i32;

@external("wasgi_v1", "input_read")
export declare function input_read(into: usize, length: i32): i32;

@external("wasgi_v1", "errors_write")
export declare function errors_write(line: usize, length: i32): i32;
