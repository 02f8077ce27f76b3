import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

// A user's compiler settings: strict, libraries checked, and no library of disposal to lean on.
const OPTIONS = [
  "--ignoreConfig",
  "--strict",
  "--noEmit",
  "--target",
  "es2022",
  "--types",
  "",
  "--skipLibCheck",
  "false",
];

for (const [module, resolution] of [
  ["esnext", "bundler"],
  ["nodenext", "nodenext"],
])
  test(`the types hold for a strict user with ${resolution} resolution`, () => {
    const tsc = join(
      dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
      "bin/tsc",
    );
    const user = join(dirname(fileURLToPath(import.meta.url)), "user.mts");
    const modules = ["--module", module, "--moduleResolution", resolution, "--lib", "es2022,dom"];
    const args = [tsc, ...OPTIONS, ...modules, user];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    assert.equal(stdout, "");
    assert.equal(status, 0);
  });
