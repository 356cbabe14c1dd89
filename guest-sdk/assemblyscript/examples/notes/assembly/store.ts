import { quote } from "./json";

/** One note. Its id is never given again. */
export class Note {
  constructor(public id: i32, public text: string) {}

  json(): string {
    return '{"id":' + this.id.toString() + ',"text":' + quote(this.text) + "}";
  }
}

/** The notes, by id, ascending. */
export class Store {
  private last: i32 = 0;
  private notes: Note[] = [];

  add(text: string): Note {
    const note = new Note(++this.last, text);
    this.notes.push(note);
    return note;
  }

  find(id: i32): Note | null {
    const at = this.indexOf(id);
    return at < 0 ? null : this.notes[at];
  }

  /** Says whether there was a note of that id. */
  remove(id: i32): bool {
    const at = this.indexOf(id);
    if (at >= 0) this.notes.splice(at, 1);
    return at >= 0;
  }

  json(): string {
    const each: string[] = [];
    for (let i = 0; i < this.notes.length; i++) each.push(this.notes[i].json());
    return '{"notes":[' + each.join(",") + "]}";
  }

  private indexOf(id: i32): i32 {
    for (let i = 0; i < this.notes.length; i++) {
      if (this.notes[i].id == id) return i;
    }
    return -1;
  }
}

/** The id that a path names, "/7" for example: 1 to 9 digits without a leading zero. 0 if it names none. */
export function idOf(path: string): i32 {
  if (path.length < 2 || path.length > 10 || path.charCodeAt(0) != 0x2f || path.charCodeAt(1) == 0x30) return 0;
  let id = 0;
  for (let i = 1; i < path.length; i++) {
    const digit = path.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return 0;
    id = id * 10 + digit;
  }
  return id;
}
