import assert from "node:assert/strict";
import test from "node:test";
import { load } from "@wasgi/assemblyscript/testing.mjs";

const app = await load("app.wasm");

test("it says hello", () => {
  const response = app.request();
  assert.deepEqual([response.status, response.text, response.fault], [200, "Hello from AssemblyScript.\n", null]);
});

test("there is nothing else", () => {
  assert.equal(app.request({ path: "/nowhere" }).status, 404);
});
