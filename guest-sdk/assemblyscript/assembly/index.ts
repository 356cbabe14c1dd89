/**
 * What a web application in AssemblyScript is written against. The shape is that of Python's WSGI: a function that takes the
 * request's variables, starts the response with a status and headers, and returns the body.
 *
 *     import { Environ, Header, handle, startResponse, text } from "@wasgi/assemblyscript/assembly";
 *     export * from "@wasgi/assemblyscript/assembly/exports";
 *
 *     handle((environ: Environ): ArrayBuffer | null => {
 *       startResponse("200 OK", [new Header("Content-Type", "text/plain")]);
 *       return text("hello " + environ.get("PATH_INFO") + "\n");
 *     });
 *
 * AssemblyScript has no closures, so what other SDKs pass as arguments are plain functions here. They speak of the request that
 * is being answered, and may be called during it alone.
 */

export { Environ } from "./environ";
export { Code, Header, flush, startResponse, write } from "./response";
export { readAll, readInput } from "./input";
export { handle } from "./application";
export { log } from "./log";
export { decode, text } from "./utf8";
