import * as host from "./imports";
import { log } from "./log";
import { text } from "./utf8";

/** What the host answers to a call that it refuses. */
export const enum Code {
  Fault = -1,
  Invalid = -2,
  Forbidden = -3,
  State = -4,
  TooLarge = -5,
  Truncated = -6,
  Closed = -7,
  Length = -8,
}

/** One header of a response. A list of them keeps its order and its repeats. */
export class Header {
  constructor(public name: string, public value: string) {}
}

/**
 * Sets the status, "200 OK" for example, and the headers. The host keeps them until the first of the body is sent. A second call is
 * refused unless replace is true: then it replaces the first, and ends the request if the headers were sent already.
 *
 * Returns 0, or the negative code of a refusal, which is logged. If no later call makes it good, the host answers 500.
 */
export function startResponse(status: string, headers: Header[], replace: bool = false): i32 {
  const line = text(status), list = encode(headers);
  const result = host.start_response(changetype<usize>(line), line.byteLength, changetype<usize>(list), list.byteLength, replace);
  if (result < 0) log("wasgi: start_response was refused: code " + (-result).toString());
  return result;
}

/**
 * Sends a block of the body at once, before what is returned. It comes back when the connection has taken all of the block: with 0, or
 * with the negative code of a refusal, Code.Closed if the client is gone.
 */
export function write(block: ArrayBuffer): i32 {
  return host.write(changetype<usize>(block), block.byteLength);
}

/** Sends the headers now, if they are not out yet. The result is that of write. */
export function flush(): i32 {
  return host.write(0, 0);
}

/** A header list, as the host reads it: u32 count, then u32 name_len, u32 value_len, name, value for each. */
function encode(headers: Header[]): ArrayBuffer {
  const names: ArrayBuffer[] = [], values: ArrayBuffer[] = [];
  let size = 4;
  for (let i = 0; i < headers.length; i++) {
    names.push(text(headers[i].name));
    values.push(text(headers[i].value));
    size += 8 + names[i].byteLength + values[i].byteLength;
  }
  const list = new ArrayBuffer(size);
  let at = changetype<usize>(list);
  store<i32>(at, headers.length);
  at += 4;
  for (let i = 0; i < headers.length; i++) {
    store<i32>(at, names[i].byteLength);
    store<i32>(at, values[i].byteLength, 4);
    at = append(append(at + 8, names[i]), values[i]);
  }
  return list;
}

function append(at: usize, part: ArrayBuffer): usize {
  memory.copy(at, changetype<usize>(part), part.byteLength);
  return at + part.byteLength;
}
