/**
 * What the host calls. The compiler exports what the entry file does, so that has to say
 *
 *     export * from "@wasgi/assemblyscript/assembly/exports";
 */

import { play } from "./application";
import { Environ } from "./environ";

/** The buffer that environs are written to. It is not the collector's. */
let environBuffer: usize = 0;

/** What was returned last. The host reads it until it calls the next export. */
let returned: ArrayBuffer | null = null;

/** Whether a request has left something behind. In an instance that is brought back after each request it never has. */
let used = false;

/** How much memory is got before the first request, in bytes: an instance whose memory grows cannot be brought back, and is replaced. */
const spare: usize = 512 << 10;

export function allocate(length: i32): usize {
  if (environBuffer != 0) heap.free(environBuffer);
  environBuffer = heap.alloc(length);
  return environBuffer;
}

/** Returns the body as pointer << 32 | length, 0 for none. */
export function application(pointer: usize, length: i32): u64 {
  if (used) {
    // No call is going on, so what no global refers to is garbage.
    returned = null;
    __collect();
  }
  used = true;
  const environ = new Environ(pointer);
  const body = play(environ);
  environ.close();
  if (body === null) return 0;
  returned = body;
  return (<u64>changetype<usize>(body) << 32) | <u64>body.byteLength;
}

export function warm_up(): void {
  heap.free(heap.alloc(spare));
  __collect();
}
