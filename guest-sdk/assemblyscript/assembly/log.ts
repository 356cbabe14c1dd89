import * as host from "./imports";
import { text } from "./utf8";

/** Writes a line to the app's log, under the name of the app and the id of the request. */
export function log(line: string): void {
  const encoded = text(line);
  host.errors_write(changetype<usize>(encoded), encoded.byteLength);
}

/**
 * What the compiler calls for a failed assertion and for everything that is thrown: it logs, and ends the request with a 500. It takes the
 * place of the function that would be imported from "env", which no host of wasgi has: see "use" in asconfig.json.
 */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const what = message === null ? "abort" : message;
  const where = file === null ? "" : " at " + file + ":" + line.toString() + ":" + column.toString();
  log(what + where);
  unreachable();
}
