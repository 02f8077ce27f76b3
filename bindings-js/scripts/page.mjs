// Puts the demo page together: its own files, and of the package what a page runs. Compressed copies lie
// beside the files, for servers that send them (`scorebox serve` does).
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const site = join(here, "demo/dist");
const PAGE = new Set([".html", ".css", ".js", ".svg"]);
const NOT_FOR_PAGES = new Set(["node.js", "node-files.js", "zip.js", "scorebox-full.wasm"]);

await rm(site, { recursive: true, force: true });
await mkdir(site, { recursive: true });
for (const name of await readdir(join(here, "demo")))
  if (PAGE.has(extname(name))) await cp(join(here, "demo", name), join(site, name));
await cp(join(here, "dist"), join(site, "scorebox"), {
  recursive: true,
  filter: (path) => !NOT_FOR_PAGES.has(path.split("/").at(-1)) && !path.endsWith(".d.ts"),
});

const files = await readdir(site, { recursive: true, withFileTypes: true });
for (const file of files.filter((entry) => entry.isFile())) {
  const path = join(file.parentPath ?? file.path, file.name);
  const bytes = await readFile(path);
  const options = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  await writeFile(`${path}.br`, brotliCompressSync(bytes, options));
}
