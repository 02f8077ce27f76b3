// Tests the package as a user gets it: packed, installed into a project of its own, and only then run, in
// Node and in Chromium. usage: node test/run.mjs [part of a test file's path ...]
import { execFileSync, spawnSync } from "node:child_process";
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const work = join(here, ".work");
const app = join(work, "app");

await rm(work, { recursive: true, force: true });
await mkdir(app, { recursive: true });
const npm = (cwd, ...args) => execFileSync("npm", args, { cwd, encoding: "utf8" });
const [packed] = JSON.parse(npm(dirname(here), "pack", "--json", "--pack-destination", work));
await writeFile(
  join(app, "package.json"),
  JSON.stringify({ name: "app", private: true, type: "module" }),
);
npm(
  app,
  "install",
  "--offline",
  "--no-audit",
  "--no-fund",
  "--no-package-lock",
  join(work, packed.filename),
);
console.log(`${packed.filename}: ${packed.entryCount} files, ${packed.size} bytes packed`);

// The tests run inside the project, so that what they import is what was installed there.
for (const folder of ["package", "golden", "browser"])
  await cp(join(here, folder), join(app, folder), { recursive: true });
const wanted = process.argv.slice(2);
const tests = [];
for (const folder of ["package", "golden", "browser"])
  for (const name of (await readdir(join(app, folder))).sort())
    if (name.endsWith(".test.mjs")) tests.push(`${folder}/${name}`);
const chosen = tests.filter(
  (path) => wanted.length === 0 || wanted.some((part) => path.includes(part)),
);
const { status } = spawnSync(process.execPath, ["--test", "--test-concurrency=1", ...chosen], {
  cwd: app,
  stdio: "inherit",
  env: { ...process.env, SCOREBOX_ROOT: process.env.SCOREBOX_ROOT ?? dirname(dirname(here)) },
});
process.exitCode = status ?? 1;
