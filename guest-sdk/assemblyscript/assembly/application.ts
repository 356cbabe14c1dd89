import { Environ } from "./environ";

/** Answers one request. It must call startResponse before the first of the body. What it returns is sent as the body; null is none. */
export type Application = (environ: Environ) => ArrayBuffer | null;

let handled: Application | null = null;

/** Makes an application the one that this module runs. Call it at the top level of the entry file. */
export function handle(application: Application): void {
  assert(handled === null, "wasgi: handle was called twice: a module holds one application");
  handled = application;
}

/** Runs the application for one request. */
export function play(environ: Environ): ArrayBuffer | null {
  const application = handled;
  if (application === null) throw new Error("wasgi: no application: call handle at the top level");
  return application(environ);
}
