import { decodeAt } from "./utf8";

/**
 * The request: an ordered list of variables, REQUEST_METHOD, PATH_INFO, HTTP_ACCEPT and so on. Values are bytes. It lives as long
 * as the request does; afterwards it is empty.
 */
export class Environ {
  constructor(private list: usize) {}

  /** The value of a variable, "" if it is missing. Of a repeated one it is the first. A value that is not UTF-8 is read as Latin-1. */
  get(name: string): string {
    const entry = this.find(name);
    if (entry == 0) return "";
    const at = value(entry), length = valueLength(entry);
    const decoded = decodeAt(at, length);
    return decoded === null ? latin1(at, length) : decoded;
  }

  /** The bytes of a variable, null if it is missing. */
  bytes(name: string): Uint8Array | null {
    const entry = this.find(name);
    if (entry == 0) return null;
    const copy = new Uint8Array(valueLength(entry));
    memory.copy(copy.dataStart, value(entry), copy.length);
    return copy;
  }

  /** Whether a variable is there. Its value may be empty all the same. */
  has(name: string): bool {
    return this.find(name) != 0;
  }

  /** The names of all variables, in the host's order, repeats included. */
  names(): string[] {
    const names: string[] = [];
    let entry = this.list + 4;
    for (let left = this.count(); left > 0; left--) {
      names.push(latin1(entry + 8, keyLength(entry)));
      entry = next(entry);
    }
    return names;
  }

  /** Cuts it off from the host's buffer, where the next request's variables will be. */
  close(): void {
    this.list = 0;
  }

  private count(): i32 {
    return this.list == 0 ? 0 : load<i32>(this.list);
  }

  /** The address of the first entry of that name, 0 for none. The names of variables are ASCII. */
  private find(name: string): usize {
    let entry = this.list + 4;
    for (let left = this.count(); left > 0; left--) {
      if (keyLength(entry) == name.length && same(entry + 8, name)) return entry;
      entry = next(entry);
    }
    return 0;
  }
}

// An entry is u32 key_len, u32 value_len, key, value.

function keyLength(entry: usize): i32 {
  return load<i32>(entry);
}

function valueLength(entry: usize): i32 {
  return load<i32>(entry, 4);
}

function value(entry: usize): usize {
  return entry + 8 + keyLength(entry);
}

function next(entry: usize): usize {
  return value(entry) + valueLength(entry);
}

function same(at: usize, name: string): bool {
  for (let i = 0; i < name.length; i++) {
    if (<i32>load<u8>(at + i) != name.charCodeAt(i)) return false;
  }
  return true;
}

function latin1(at: usize, length: i32): string {
  let s = "";
  for (let i = 0; i < length; i++) s += String.fromCharCode(load<u8>(at + i));
  return s;
}
