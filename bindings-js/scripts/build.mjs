// Builds the package: shim and glue, TypeScript, and the module's bytes as `make wasm` wrote them.
// usage: node scripts/build.mjs [folder with the modules]
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(here);
const run = (command, ...args) => execFileSync(command, args, { cwd: here, stdio: "inherit" });
const dist = join(here, "dist");
const modules = process.argv[2] ?? join(root, "dist");

await rm(dist, { recursive: true, force: true });
run("cargo", "run", "--quiet", "--release", "-p", "scorebox-js-build", "--", join(here, "ts/shim"));
run(process.execPath, join(here, "node_modules/typescript/bin/tsc"), "-p", here);
await mkdir(join(dist, "shim"), { recursive: true });
for (const name of ["shim.js", "shim.d.ts", "shim_bg.wasm"])
  await copyFile(join(here, "ts/shim", name), join(dist, "shim", name));
for (const name of ["scorebox.wasm", "scorebox-full.wasm"]) {
  const built = join(modules, name);
  if (!(await stat(built).catch(() => undefined)))
    throw new Error(`${built} is missing: run \`make wasm\``);
  await copyFile(built, join(dist, name));
}
