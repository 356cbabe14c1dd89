import { Environ, Header, handle, startResponse, text } from "@wasgi/assemblyscript/assembly";
export * from "@wasgi/assemblyscript/assembly/exports";

handle((environ: Environ): ArrayBuffer | null => {
  if (environ.get("PATH_INFO").length > 1) {
    startResponse("404 Not Found", [new Header("Content-Type", "text/plain; charset=utf-8")]);
    return text("There is nothing here.\n");
  }
  startResponse("200 OK", [new Header("Content-Type", "text/plain; charset=utf-8")]);
  return text("Hello from AssemblyScript.\n");
});
