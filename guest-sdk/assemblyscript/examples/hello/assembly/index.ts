// The shortest app: one status, one header, one body.
import { Environ, Header, handle, startResponse, text } from "../../../assembly";
export * from "../../../assembly/exports";

handle((environ: Environ): ArrayBuffer | null => {
  startResponse("200 OK", [new Header("Content-Type", "text/plain")]);
  return text("hello world\n");
});
