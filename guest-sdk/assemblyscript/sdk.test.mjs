// What the SDK promises, on the module that is named by the environment variable WASGI_TEST_MODULE.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./testing.mjs";

const app = await load(process.env.WASGI_TEST_MODULE);

test("variables are found, missing, repeated and of any bytes", () => {
  const value = (name, environ) => app.request({ path: "?" + name, environ }).text;
  assert.equal(value("REQUEST_METHOD"), "GET true 71,69,84");
  assert.equal(value("REQUEST_METHO"), " false null");
  assert.equal(value("EMPTY", { EMPTY: "" }), " true ");
  assert.equal(value("A", { A: "ä😀" }), "ä😀 true 195,164,240,159,152,128");
  assert.equal(value("A", { A: Buffer.from([0x61, 0xff]) }), "aÿ true 97,255");
  assert.equal(value("SERVER_NAME", { SERVER_NAME: "second" }).split(" ")[0], "example.com");
});

test("all names are there, in order", () => {
  const names = app.request({ path: "/names", headers: { "X-One": 1, X_Two: 2 } }).text.split(" ");
  assert.equal(names[0], "REQUEST_METHOD");
  assert.ok(names.includes("HTTP_X_ONE") && !names.includes("HTTP_X_TWO"));
  assert.equal(names.at(-1), "wasgi.request_id");
});

test("an environ larger than the buffer gets another one", () => {
  const large = "x".repeat(40000);
  assert.equal(app.request({ path: "?LARGE", environ: { LARGE: large } }).text.split(" ")[0], large);
  assert.equal(app.request({ path: "?LARGE" }).text, " false null");
});

test("headers keep their repeats", () => {
  const { status, reason, headers } = app.request();
  assert.deepEqual([status, reason, headers], [200, "OK", { "content-type": "text/plain; charset=utf-8", "set-cookie": ["a=1", "b=2"] }]);
});

test("blocks go out as they are written", () => {
  const { text, blocks, log, fault } = app.request({ path: "/blocks" });
  assert.deepEqual([text, blocks.map((block) => Buffer.from(block).toString()), log, fault], ["onetwo", ["one", "two"], "before: -4\n", null]);
});

test("a client that is gone ends a stream", () => {
  assert.equal(app.request({ path: "/blocks", onBlock: (block) => block[0] !== 0x74 }).log, "before: -4\ngone\n");
});

test("a refusal is logged", () => {
  const { status, log, fault } = app.request({ path: "/refused" });
  assert.deepEqual([status, log], [500, "wasgi: start_response was refused: code 3\n"]);
  assert.match(String(fault), /without start_response/);
});

test("a response can be replaced before it is sent", () => {
  const { status, reason, headers, text, log } = app.request({ path: "/replace" });
  assert.deepEqual([status, reason, headers, text], [500, "Oh", { x: "y" }, "replaced"]);
  assert.equal(log, "wasgi: start_response was refused: code 4\nagain: -4\n");
});

test("what is thrown goes to the log, and ends the instance", () => {
  app.request({ path: "/requests" });
  const { status, log, fault } = app.request({ path: "/throw" });
  assert.equal(status, 500);
  assert.match(log, /^on purpose at testdata\/behaviour\/assembly\/index\.ts:\d+:\d+\n$/);
  assert.ok(fault instanceof WebAssembly.RuntimeError);
  assert.equal(app.request({ path: "/requests" }).text, "1");
  const late = app.request({ path: "/throw-late" });
  assert.deepEqual([late.status, late.text, late.fault instanceof WebAssembly.RuntimeError], [200, "half", true]);
});

test("no start_response is a fault", () => {
  assert.match(String(app.request({ path: "/silent" }).fault), /without start_response/);
});

test("a body is read in pieces", () => {
  assert.equal(app.request({ path: "/pieces", body: ["abcdef", "g", "", "hi"] }).text, "4,2,1,2");
  assert.equal(app.request({ path: "/pieces" }).text, "");
});

test("a body is read whole, up to a limit", () => {
  for (const [body, want] of [["", "0"], ["x".repeat(10), "10"], [["12345", "67890"], "10"], ["x".repeat(11), "too long"], [["x".repeat(10), "y"], "too long"]]) {
    assert.equal(app.request({ method: "POST", path: "/all", body }).text, want, String(body));
  }
});

test("UTF-8 is decoded strictly", () => {
  for (const bytes of [[], [0x7f], [0xc2, 0x80], [0xdf, 0xbf], [0xe0, 0xa0, 0x80], [0xed, 0x9f, 0xbf], [0xee, 0x80, 0x80], [0xf0, 0x90, 0x80, 0x80], [0xf4, 0x8f, 0xbf, 0xbf]]) {
    assert.deepEqual([...app.request({ path: "/decode", body: Uint8Array.from(bytes) }).body], bytes);
  }
  const wrong = [
    [0x80], [0xbf], [0xc0, 0x80], [0xc1, 0xbf], [0xc2], [0xc2, 0x41], [0xc2, 0xc2], [0xe0, 0x9f, 0xbf], [0xe1, 0x80], [0xe1, 0x80, 0x41], [0xed, 0xa0, 0x80],
    [0xf0, 0x8f, 0xbf, 0xbf], [0xf1, 0x80, 0x80], [0xf1, 0x80, 0x80, 0xc0], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff], [0x61, 0xe2, 0x82],
  ];
  for (const bytes of wrong) assert.equal(app.request({ path: "/decode", body: Uint8Array.from(bytes) }).text, "not UTF-8", String(bytes));
  assert.deepEqual([...app.request({ path: "/lone" }).body], [0xef, 0xbf, 0xbd]);
});

test("an environ is empty after its request", () => {
  assert.equal(app.request({ path: "/after" }).text, "none");
  assert.equal(app.request({ path: "/after" }).text, "0");
});

test("what a request leaves behind is collected", () => {
  let pages = 0;
  for (let i = 0; i < 20; i++) pages = Number(app.request({ path: "/garbage" }).text);
  assert.equal(app.request({ path: "/garbage" }).text, String(pages));
  assert.ok(pages < 128, `${pages} pages`);
});
