import assert from "node:assert/strict";
import test from "node:test";
import { load } from "../../testing.mjs";

test("it says hello", async () => {
  const app = await load(process.env.WASGI_TEST_MODULE);
  const { status, headers, text, log, fault } = app.request({ path: "/anything" });
  assert.deepEqual([status, headers, text, log, fault], [200, { "content-type": "text/plain" }, "hello world\n", "", null]);
});
