// As much of JSON as the notes need: one string of an object is read, all else is checked and skipped.

/** The string of that name in a JSON object, the last if there are several. null if the source is no JSON, no object, or has no such string. */
export function stringField(source: string, name: string): string | null {
  const reader = new Reader(source);
  const value = reader.object(name);
  return reader.failed || !reader.atEnd() ? null : value;
}

/** Writes a string as JSON. */
export function quote(s: string): string {
  let out = '"', from = 0;
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c >= 0x20 && c != 0x22 && c != 0x5c) continue;
    out += s.substring(from, i) + escape(c);
    from = i + 1;
  }
  return out + s.substring(from) + '"';
}

function escape(c: i32): string {
  switch (c) {
    case 0x08: return "\\b";
    case 0x09: return "\\t";
    case 0x0a: return "\\n";
    case 0x0c: return "\\f";
    case 0x0d: return "\\r";
    case 0x22: return '\\"';
    case 0x5c: return "\\\\";
  }
  return "\\u00" + (c < 0x10 ? "0" : "") + c.toString(16);
}

const none = -1; // what stands at the end, in place of a code unit

class Reader {
  failed: bool = false;
  private at: i32 = 0;

  constructor(private source: string) {}

  /** Reads an object, and returns the last string of that name unless a value of another type comes after it. */
  object(name: string): string | null {
    let found: string | null = null;
    this.expect(0x7b);
    if (this.take(0x7d)) return null;
    do {
      const key = this.string();
      this.expect(0x3a);
      this.space();
      if (key != name) this.skip();
      else if (this.peek() == 0x22) found = this.string();
      else {
        found = null;
        this.skip();
      }
    } while (!this.failed && this.take(0x2c));
    this.expect(0x7d);
    return found;
  }

  atEnd(): bool {
    this.space();
    return this.peek() == none;
  }

  /** Skips a value of any depth: what is open is kept in a list, not on the stack. */
  private skip(): void {
    const open: i32[] = []; // the brackets that will close
    do {
      this.space();
      const c = this.peek();
      if (c == 0x7b || c == 0x5b) {
        this.at++;
        open.push(c + 2);
        if (!this.take(c + 2)) {
          if (c == 0x7b) this.key();
          continue;
        }
        open.pop();
      } else if (c == 0x22) this.string();
      else if (c == 0x74) this.word("true");
      else if (c == 0x66) this.word("false");
      else if (c == 0x6e) this.word("null");
      else this.number();
      this.close(open);
    } while (!this.failed && open.length > 0);
  }

  /** What comes after a value: brackets that close, and then perhaps a comma before the next value. */
  private close(open: i32[]): void {
    while (open.length > 0 && !this.failed) {
      const bracket = open[open.length - 1];
      if (this.take(0x2c)) {
        if (bracket == 0x7d) this.key();
        return;
      }
      this.expect(bracket);
      open.pop();
    }
  }

  private key(): void {
    this.string();
    this.expect(0x3a);
  }

  private word(word: string): void {
    if (this.source.startsWith(word, this.at)) this.at += word.length;
    else this.failed = true;
  }

  private number(): void {
    if (this.peek() == 0x2d) this.at++;
    if (this.peek() == 0x30) this.at++;
    else this.digits();
    if (this.peek() == 0x2e) {
      this.at++;
      this.digits();
    }
    if ((this.peek() | 0x20) != 0x65) return;
    this.at++;
    if (this.peek() == 0x2b || this.peek() == 0x2d) this.at++;
    this.digits();
  }

  private digits(): void {
    const from = this.at;
    while (this.peek() >= 0x30 && this.peek() <= 0x39) this.at++;
    if (this.at == from) this.failed = true;
  }

  private string(): string {
    this.expect(0x22);
    let out = "", from = this.at;
    while (!this.failed) {
      const c = this.peek();
      if (c == 0x22) {
        out += this.source.substring(from, this.at++);
        return out;
      }
      if (c == 0x5c) {
        out += this.source.substring(from, this.at++) + this.escaped();
        from = this.at;
      } else if (c < 0x20) this.failed = true; // the end too
      else this.at++;
    }
    return out;
  }

  /** What stands after a backslash. */
  private escaped(): string {
    const c = this.peek();
    this.at++;
    switch (c) {
      case 0x22: case 0x2f: case 0x5c: return String.fromCharCode(c);
      case 0x62: return "\b";
      case 0x66: return "\f";
      case 0x6e: return "\n";
      case 0x72: return "\r";
      case 0x74: return "\t";
      case 0x75: return this.character();
    }
    this.failed = true;
    return "";
  }

  /** A code unit in hexadecimal, with its other half if there is one. Half a pair alone is U+FFFD. */
  private character(): string {
    const unit = this.hexadecimal();
    if ((unit & 0xf800) != 0xd800) return String.fromCharCode(unit);
    const after = this.at;
    if (unit < 0xdc00 && this.source.startsWith("\\u", after)) {
      this.at += 2;
      const low = this.hexadecimal();
      if ((low & 0xfc00) == 0xdc00) return String.fromCharCode(unit) + String.fromCharCode(low);
      this.at = after; // it stands for itself
    }
    return "\ufffd";
  }

  private hexadecimal(): i32 {
    let unit = 0;
    for (let i = 0; i < 4; i++) {
      const c = this.peek(), letter = c | 0x20;
      if (c >= 0x30 && c <= 0x39) unit = (unit << 4) | (c - 0x30);
      else if (letter >= 0x61 && letter <= 0x66) unit = (unit << 4) | (letter - 0x57);
      else this.failed = true;
      this.at++;
    }
    return unit;
  }

  private peek(): i32 {
    return this.at < this.source.length ? this.source.charCodeAt(this.at) : none;
  }

  /** Takes that sign after white space, if it is there. */
  private take(c: i32): bool {
    this.space();
    if (this.peek() != c) return false;
    this.at++;
    return true;
  }

  private expect(c: i32): void {
    if (!this.take(c)) this.failed = true;
  }

  private space(): void {
    let c = this.peek();
    while (c == 0x20 || c == 0x09 || c == 0x0a || c == 0x0d) {
      this.at++;
      c = this.peek();
    }
  }
}
