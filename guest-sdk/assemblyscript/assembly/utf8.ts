/** Encodes a string as UTF-8. Half of a surrogate pair becomes U+FFFD, since nothing that leaves an app may be other than UTF-8. */
export function text(s: string): ArrayBuffer {
  return String.UTF8.encode(s, false, String.UTF8.ErrorMode.REPLACE);
}

/** Decodes UTF-8, strictly: null for any byte that is not. The library's own decoder makes something up there. */
export function decode(bytes: Uint8Array): string | null {
  return decodeAt(bytes.dataStart, bytes.length);
}

export function decodeAt(at: usize, length: i32): string | null {
  return valid(at, at + length) ? String.UTF8.decodeUnsafe(at, length) : null;
}

function valid(at: usize, end: usize): bool {
  while (at < end) {
    const size = sequence(at, end);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

/** The bytes of the character at that address, 0 if there is none: RFC 3629, section 4. */
function sequence(at: usize, end: usize): usize {
  const first = <u32>load<u8>(at);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size: usize = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (end - at < size) return 0;
  // The second byte's range keeps out what has a shorter form, surrogates, and what is beyond U+10FFFF.
  const second = <u32>load<u8>(at + 1);
  const least: u32 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const most: u32 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let i: usize = 2; i < size; i++) {
    if ((load<u8>(at + i) & 0xc0) != 0x80) return 0;
  }
  return size;
}
