// The notes API of guest-sdk/NOTES.md. It keeps its notes in memory, so its manifest asks for one instance whose state lives on
// between requests.
import { Environ, Header, decode, handle, readAll, startResponse, text } from "../../../assembly";
import { quote, stringField } from "./json";
import { Note, Store, idOf } from "./store";
export * from "../../../assembly/exports";

const maxBody = 4096;
const maxText = 200;

const store = new Store();

handle((environ: Environ): ArrayBuffer | null => {
  const path = environ.get("PATH_INFO");
  if (path == "" || path == "/") return serveAll(environ);
  const id = idOf(path);
  return id == 0 ? refuse("404 Not Found", "not found") : serveOne(environ, id);
});

function serveAll(environ: Environ): ArrayBuffer | null {
  const method = environ.get("REQUEST_METHOD");
  if (method == "GET" || method == "HEAD") return answer("200 OK", store.json());
  if (method == "POST") return add(environ);
  return refuse("405 Method Not Allowed", "method not allowed", [new Header("Allow", "GET, POST")]);
}

function serveOne(environ: Environ, id: i32): ArrayBuffer | null {
  const method = environ.get("REQUEST_METHOD");
  if (method == "DELETE") {
    if (!store.remove(id)) return refuse("404 Not Found", "not found");
    startResponse("204 No Content", []);
    return null;
  }
  if (method != "GET" && method != "HEAD") {
    return refuse("405 Method Not Allowed", "method not allowed", [new Header("Allow", "GET, DELETE")]);
  }
  const note = store.find(id);
  return note === null ? refuse("404 Not Found", "not found") : answer("200 OK", note.json());
}

function add(environ: Environ): ArrayBuffer | null {
  if (!isJSON(environ.get("CONTENT_TYPE"))) return refuse("415 Unsupported Media Type", "content type must be application/json");
  const body = readAll(maxBody);
  if (body === null) return refuse("413 Content Too Large", "body must have at most 4096 bytes");
  const source = decode(body);
  let field: string | null = null;
  if (source !== null) field = stringField(source, "text");
  if (field === null) return refuse("400 Bad Request", "body must be a JSON object with a string text");
  const trimmed = trim(field);
  const length = characters(trimmed);
  if (length < 1 || length > maxText) return refuse("422 Unprocessable Content", "text must have 1 to 200 characters");
  const note: Note = store.add(trimmed);
  return answer("201 Created", note.json(), [new Header("Location", environ.get("SCRIPT_NAME") + "/" + note.id.toString())]);
}

function answer(status: string, json: string, headers: Header[] = []): ArrayBuffer {
  headers.push(new Header("Content-Type", "application/json"));
  startResponse(status, headers);
  return text(json);
}

function refuse(status: string, error: string, headers: Header[] = []): ArrayBuffer {
  return answer(status, '{"error":' + quote(error) + "}", headers);
}

/** Parameters do not matter, nor does case. */
function isJSON(contentType: string): bool {
  const semicolon = contentType.indexOf(";");
  const type = semicolon < 0 ? contentType : contentType.substring(0, semicolon);
  return trim(type).toLowerCase() == "application/json";
}

/** Without the white space of ASCII at both ends; the trim of the library takes that of Unicode. */
function trim(s: string): string {
  let from = 0, to = s.length;
  while (from < to && isSpace(s.charCodeAt(from))) from++;
  while (to > from && isSpace(s.charCodeAt(to - 1))) to--;
  return s.substring(from, to);
}

function isSpace(c: i32): bool {
  return c == 0x20 || c == 0x09 || c == 0x0a || c == 0x0c || c == 0x0d;
}

/** Counts code points: a string holds UTF-16, and all pairs in it are whole. */
function characters(s: string): i32 {
  let n = 0;
  for (let i = 0; i < s.length; i++) {
    if ((s.charCodeAt(i) & 0xfc00) != 0xdc00) n++;
  }
  return n;
}
