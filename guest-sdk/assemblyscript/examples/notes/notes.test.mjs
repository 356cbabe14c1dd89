import assert from "node:assert/strict";
import test from "node:test";
import { load } from "../../testing.mjs";

const app = await load(process.env.WASGI_TEST_MODULE);

function ask(method, path, body, type = "application/json") {
  const { status, headers, text, log, fault } = app.request({ method, path, mount: "/app", body, headers: { "Content-Type": type } });
  assert.deepEqual([log, fault], ["", null]);
  return { status, text, location: headers.location, allow: headers.allow };
}

const error = (status, error, allow) => ({ status, text: JSON.stringify({ error }), location: undefined, allow });
const note = (status, id, text, location) => ({ status, text: JSON.stringify({ id, text }), location, allow: undefined });

// The notes are those of one instance, so the steps are played in order.
test("notes are added, shown and deleted", () => {
  assert.equal(ask("GET", "").text, '{"notes":[]}');
  assert.deepEqual(ask("POST", "/", '{"text":" one\\n"}'), note(201, 1, "one", "/app/1"));
  assert.deepEqual(ask("POST", "/", '{"x":[{"y":[[]]},-1.5e3],"text":"tw\\u006f"}'), note(201, 2, "two", "/app/2"));
  assert.deepEqual(ask("GET", "/2"), note(200, 2, "two"));
  assert.equal(ask("GET", "/").text, '{"notes":[{"id":1,"text":"one"},{"id":2,"text":"two"}]}');
  assert.deepEqual(ask("DELETE", "/2"), { status: 204, text: "", location: undefined, allow: undefined });
  assert.deepEqual(ask("DELETE", "/2"), error(404, "not found"));
  assert.deepEqual(ask("POST", "/", '{"text":"three"}'), note(201, 3, "three", "/app/3"));
});

test("other paths and methods are refused", () => {
  for (const path of ["/x", "/0", "/01", "/1/", "//", "/1234567890"]) assert.deepEqual(ask("GET", path), error(404, "not found"));
  assert.deepEqual(ask("PUT", "/"), error(405, "method not allowed", "GET, POST"));
  assert.deepEqual(ask("POST", "/1"), error(405, "method not allowed", "GET, DELETE"));
});

test("other bodies are refused", () => {
  assert.deepEqual(ask("POST", "/", "{}", "text/plain"), error(415, "content type must be application/json"));
  assert.deepEqual(ask("POST", "/", " ".repeat(4097)), error(413, "body must have at most 4096 bytes"));
  for (const body of ["", "{", "[]", '{"text":1}', '{"text":"a",}', '{"text":"\\x"}', '{"text":"a"}x', '{"Text":"a"}', Uint8Array.of(0xff)]) {
    assert.deepEqual(ask("POST", "/", body), error(400, "body must be a JSON object with a string text"));
  }
  for (const text of [" \\t", "😀".repeat(201)]) assert.deepEqual(ask("POST", "/", `{"text":"${text}"}`), error(422, "text must have 1 to 200 characters"));
});

test("strings keep every character", () => {
  const sent = '\\"\\\\\\/\\b\\f\\u001F\\ud83d\\ude00\\ud83d<\u2028';
  assert.match(ask("POST", "/", `{"text":"${sent}"}`).text, /"text":"\\"\\\\\/\\b\\f\\u001f😀\ufffd<\u2028"}$/);
});
