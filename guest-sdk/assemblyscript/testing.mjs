// Plays requests against a built app in Node, without a server: what an app's unit tests need.
//
//     import { load } from "@wasgi/assemblyscript/testing.mjs";
//
//     const app = await load("build/app.wasm");
//     const response = app.request({ path: "/hello?name=you" });
//     assert.equal(response.status, 200);
//
// It offers wasgi_v1 and nothing else, and refuses what wasgi would refuse by order and by header names. It has no limits of time or
// memory, and checks neither sizes nor pointers: `wasgi check` does.
import { readFile } from "node:fs/promises";

const environBuffer = 16384;
const closed = 7, forbidden = 3, invalid = 2, state = 4, length = 8;
const utf8 = new TextEncoder();
const latin1 = (bytes) => Buffer.from(bytes).toString("latin1");

/** Loads a module, a path or its bytes, and returns an app whose one instance lives until it faults. */
export async function load(module) {
  const bytes = typeof module === "string" || module instanceof URL ? await readFile(module) : module;
  return new App(await WebAssembly.compile(bytes));
}

class App {
  #module;
  #instance = null;
  #buffer = { at: 0, size: 0 };
  #exchange = null;
  #log = "";

  constructor(module) {
    this.#module = module;
    this.#start();
  }

  /** What was written to the log outside of requests, since the last start. */
  get startLog() {
    return this.#log;
  }

  /**
   * Plays one request: { method, mount, path, headers, body, environ, onBlock }, all of them optional. path is what follows the mount, as in
   * a request line; headers and environ are objects; body is a string, bytes, or a list of them that is read piece by piece and has no length
   * that is known beforehand. onBlock is called for each block of the body; if it returns false, the client is gone.
   *
   * Returns { status, reason, headers, body, text, blocks, log, fault }. Of the headers all names are in lower case, and repeats are a
   * list. A fault is why wasgi would answer 500, or cut the connection: the instance is replaced then.
   */
  request(request = {}) {
    if (this.#instance === null) this.#start();
    const exchange = new Exchange(request);
    this.#exchange = exchange;
    try {
      const [at, size] = this.#place(encodeList(environOf(request)));
      const result = BigInt.asUintN(64, this.#instance.exports.application(at, size));
      exchange.end(this.#bytes(Number(result >> 32n), Number(result & 0xffffffffn)).slice());
    } catch (fault) {
      exchange.fault = fault;
      this.#instance = null;
    } finally {
      this.#exchange = null;
    }
    return exchange.response();
  }

  #start() {
    const own = (call) => (...args) => (this.#exchange === null ? -state : call(this.#exchange, ...args));
    this.#instance = new WebAssembly.Instance(this.#module, {
      wasgi_v1: {
        start_response: own((exchange, status, statusLength, headers, headersLength, replace) =>
          exchange.start(latin1(this.#bytes(status, statusLength)), decodeList(this.#bytes(headers, headersLength)), replace !== 0)),
        write: own((exchange, at, size) => exchange.write(this.#bytes(at, size).slice())),
        input_read: own((exchange, at, size) => exchange.read(this.#bytes(at, size))),
        errors_write: (at, size) => {
          const line = Buffer.from(this.#bytes(at, size)).toString("utf8") + "\n";
          if (this.#exchange === null) this.#log += line;
          else this.#exchange.log += line;
          return 0;
        },
      },
    });
    const { exports } = this.#instance;
    this.#log = "";
    exports._initialize?.();
    exports.warm_up?.();
    this.#buffer = { at: exports.allocate(environBuffer) >>> 0, size: environBuffer };
  }

  #place(environ) {
    if (environ.length > this.#buffer.size) {
      this.#buffer = { at: this.#instance.exports.allocate(environ.length) >>> 0, size: environ.length };
    }
    this.#bytes(this.#buffer.at, environ.length).set(environ);
    return [this.#buffer.at, environ.length];
  }

  #bytes(at, size) {
    return new Uint8Array(this.#instance.exports.memory.buffer, at >>> 0, size >>> 0);
  }
}

/** One request and its response, as the imports see it. */
class Exchange {
  log = "";
  fault = null;
  #status = null;
  #headers = [];
  #sent = false;
  #blocks = [];
  #input;
  #request;

  constructor(request) {
    this.#request = request;
    this.#input = pieces(request.body).filter((piece) => piece.length > 0);
  }

  start(status, headers, replace) {
    if (replace && this.#sent) throw new Error("start_response replaces headers that were sent");
    if (this.#status !== null && !replace) return -state;
    if (!/^[2-9]\d\d [^\x00-\x1f\x7f]*$/.test(status)) return -invalid;
    for (const [name, value] of headers) {
      if (!/^[-!#$%&'*+.^_`|~\w]+$/.test(name) || /[\x00-\x1f\x7f]|^ | $/.test(value)) return -invalid;
      if (/^(connection|keep-alive|proxy-.*|te|trailers?|transfer-encoding|upgrade)$/i.test(name)) return -forbidden;
    }
    this.#status = status;
    this.#headers = headers;
    return 0;
  }

  write(block) {
    if (this.#status === null) return -state;
    if (this.#size() + block.length > this.#declared()) return -length;
    this.#sent = true;
    if (block.length === 0) return 0;
    if (this.#request.onBlock?.(block) === false) return -closed;
    this.#blocks.push(block);
    return 0;
  }

  read(into) {
    if (this.#input.length === 0 || into.length === 0) return 0;
    const piece = this.#input.shift();
    const size = Math.min(piece.length, into.length);
    into.set(piece.subarray(0, size));
    if (size < piece.length) this.#input.unshift(piece.subarray(size));
    return size;
  }

  end(returned) {
    if (this.#status === null) throw new Error("application returned without start_response");
    this.#blocks.returned = returned;
    const size = this.#size() + returned.length, declared = this.#declared();
    if (declared !== Infinity && size !== declared) throw new Error(`a body of ${size} bytes, but a Content-Length of ${declared}`);
  }

  response() {
    if (this.fault !== null && !this.#sent) return this.#made("500 Internal Server Error", [], []);
    return this.#made(this.#status, this.#headers, [...this.#blocks, this.#blocks.returned ?? new Uint8Array()]);
  }

  #made(status, headers, blocks) {
    const without = this.#request.method === "HEAD" || /^(204|304)/.test(status);
    const body = without ? Buffer.alloc(0) : Buffer.concat(blocks);
    const named = {};
    for (const [name, value] of headers) {
      const key = name.toLowerCase();
      named[key] = key in named ? [named[key], value].flat() : value;
    }
    return {
      status: Number(status.slice(0, 3)), reason: status.slice(4), headers: named, body, text: body.toString("utf8"), blocks: this.#blocks.slice(),
      log: this.log, fault: this.fault,
    };
  }

  #size() {
    return this.#blocks.reduce((size, block) => size + block.length, 0);
  }

  #declared() {
    const header = this.#headers.find(([name]) => name.toLowerCase() === "content-length");
    return header === undefined ? Infinity : Number(header[1]);
  }
}

function pieces(body = []) {
  return (Array.isArray(body) ? body : [body]).map((piece) => (typeof piece === "string" ? utf8.encode(piece) : piece));
}

/** The variables, as wasgi makes them: those that have nothing to say are left out. */
function environOf({ method = "GET", mount = "", path = "", headers = {}, body, environ = {} }) {
  const target = mount === "" && !path.startsWith("/") ? "/" + path : path;
  const [rawPath, ...query] = target.split("?");
  const known = body !== undefined && !Array.isArray(body) ? String(pieces(body)[0].length) : "";
  const variables = [
    ["REQUEST_METHOD", method], ["SCRIPT_NAME", mount], ["PATH_INFO", unescape(rawPath)], ["QUERY_STRING", query.join("?")],
    ["RAW_URI", mount + target], ["SERVER_NAME", "example.com"], ["SERVER_PORT", "80"], ["SERVER_PROTOCOL", "HTTP/1.1"],
    ["REMOTE_ADDR", "192.0.2.1"], ["REMOTE_PORT", "1234"], ["CONTENT_LENGTH", known], ["HTTP_HOST", "example.com"],
  ].filter(([, value]) => value !== "");
  for (const [name, value] of Object.entries(headers)) {
    const variable = name.toUpperCase().replaceAll("-", "_");
    if (!name.includes("_")) variables.push([variable === "CONTENT_TYPE" ? variable : "HTTP_" + variable, String(value)]);
  }
  return [
    ...variables, ["wsgi.version", "1.0"], ["wsgi.url_scheme", "http"], ["wsgi.multithread", "0"], ["wsgi.multiprocess", "0"], ["wsgi.run_once", "0"],
    ["wsgi.input_terminated", "1"], ["wasgi.request_id", "test"], ...Object.entries(environ),
  ];
}

/** The bytes of a path, whether they are UTF-8 or not. */
function unescape(path) {
  const escaped = Buffer.from(path, "utf8").toString("latin1");
  return Buffer.from(escaped.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16))), "latin1");
}

function encodeList(pairs) {
  const parts = [u32(pairs.length)];
  for (const pair of pairs) {
    const [key, value] = pair.map((part) => Buffer.from(part));
    parts.push(u32(key.length), u32(value.length), key, value);
  }
  return Buffer.concat(parts);
}

function decodeList(bytes) {
  const list = Buffer.from(bytes);
  const pairs = [];
  let at = 4;
  for (let left = list.readUInt32LE(0); left > 0; left--) {
    const middle = at + 8 + list.readUInt32LE(at), end = middle + list.readUInt32LE(at + 4);
    pairs.push([latin1(list.subarray(at + 8, middle)), latin1(list.subarray(middle, end))]);
    at = end;
  }
  return pairs;
}

function u32(n) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
}
