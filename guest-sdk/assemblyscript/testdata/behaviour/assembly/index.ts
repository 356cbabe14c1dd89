// An app for the tests: each path does one thing that the SDK offers.
import { Code, Environ, Header, decode, flush, handle, log, readAll, readInput, startResponse, text, write } from "../../../assembly";
export * from "../../../assembly/exports";

let before: Environ | null = null;
let requests = 0;

handle((environ: Environ): ArrayBuffer | null => {
  requests++;
  const path = environ.get("PATH_INFO");
  if (path == "/blocks") return blocks();
  if (path == "/refused") return refused();
  if (path == "/replace") return replace();
  if (path == "/throw") throw new Error("on purpose");
  if (path == "/throw-late") {
    startResponse("200 OK", []);
    write(text("half"));
    throw new Error("on purpose");
  }
  if (path == "/silent") return null;
  if (path == "/pieces") return pieces();
  startResponse("200 OK", [new Header("Content-Type", "text/plain; charset=utf-8"), new Header("Set-Cookie", "a=1"), new Header("Set-Cookie", "b=2")]);
  if (path == "/names") return text(environ.names().join(" "));
  if (path == "/requests") return text(requests.toString());
  if (path == "/garbage") return garbage();
  if (path == "/all") {
    const body = readAll(10);
    return text(body === null ? "too long" : body.length.toString());
  }
  if (path == "/decode") {
    const body = readAll(10);
    if (body === null) return null;
    const decoded = decode(body);
    return text(decoded === null ? "not UTF-8" : decoded);
  }
  if (path == "/lone") return text(String.fromCharCode(0xd83d));
  if (path == "/after") {
    const old = before;
    before = environ;
    return text(old === null ? "none" : old.names().length.toString());
  }
  const name = environ.get("QUERY_STRING"), bytes = environ.bytes(name);
  return text(environ.get(name) + " " + environ.has(name).toString() + " " + (bytes === null ? "null" : bytes.toString()));
});

function blocks(): ArrayBuffer | null {
  log("before: " + write(text("x")).toString());
  startResponse("200 OK", [new Header("Content-Length", "6")]);
  flush();
  write(text("one"));
  if (write(text("much too long")) != Code.Length) return null;
  if (write(text("two")) == Code.Closed) log("gone");
  return null;
}

function refused(): ArrayBuffer | null {
  startResponse("200 OK", [new Header("Upgrade", "x")]);
  return text("never sent");
}

function replace(): ArrayBuffer | null {
  startResponse("200 OK", []);
  log("again: " + startResponse("201 Created", []).toString());
  startResponse("500 Oh", [new Header("X", "y")], true);
  return text("replaced");
}

function pieces(): ArrayBuffer | null {
  const buffer = new Uint8Array(4), sizes: i32[] = [];
  let n = readInput(buffer);
  while (n > 0) {
    sizes.push(n);
    n = readInput(buffer);
  }
  startResponse("200 OK", []);
  return text(sizes.join(","));
}

/** Leaves a megabyte behind. */
function garbage(): ArrayBuffer | null {
  for (let i = 0; i < 1024; i++) new Uint8Array(1024);
  return text(memory.size().toString());
}
