import * as host from "./imports";

/**
 * Reads from the request's body and returns how many bytes were read: at least 1, or 0 at the end, or the negative code of a
 * failure: Code.Truncated if the client broke off, Code.TooLarge if the body is over the app's limit.
 */
export function readInput(into: Uint8Array): i32 {
  return host.input_read(into.dataStart, into.length);
}

/** Reads all of the request's body, if it has at most that many bytes. null is a longer one, and one that cannot be read to its end. */
export function readAll(most: i32): Uint8Array | null {
  // One byte more, which tells a longer body from one that just fits.
  const buffer = new Uint8Array(most + 1);
  let length = 0;
  while (length <= most) {
    const n = host.input_read(buffer.dataStart + length, buffer.length - length);
    if (n < 0) return null;
    if (n == 0) return buffer.subarray(0, length);
    length += n;
  }
  return null;
}
