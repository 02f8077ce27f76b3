// The package through bundlers, as a user would build it, under the strict policy.
import assert from "node:assert/strict";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundleFolder } from "../golden/cases.mjs";
import { launch, open, serve } from "./server.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const dist = dirname(createRequire(import.meta.url).resolve("scorebox/scorebox.wasm"));
const { readPath } = await import(pathToFileURL(join(dist, "node-files.js")));
const PAGE =
  '<!doctype html><html lang="en"><title>app</title><output></output><script type="module" src="/main.js"></script>';
const MAIN = `import { load } from "scorebox";
import { loadInWorker } from "scorebox/worker";
const here = await load("/bundles/credit.zip");
const there = WORKER ? await loadInWorker("/bundles/credit.zip") : here;
const decision = await there.score({ limit_bal: 1000 }, { now: "2026-11-23T09:00:00Z" });
document.querySelector("output").textContent = decision.outcome + " " + (here.digest === there.digest);
document.documentElement.dataset.ready = "true";
`;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function source(name, worker) {
  const folder = join(HERE, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "index.html"), PAGE);
  await writeFile(join(folder, "main.js"), MAIN.replace("WORKER", String(worker)));
  return folder;
}

async function check(site) {
  const zip = await readPath(bundleFolder("credit"));
  const server = await serve({ "/": site, "/bundles/credit.zip": zip, "/favicon.ico": "" });
  try {
    const { page, errors } = await open(browser, server.origin);
    await page
      .locator("html[data-ready]")
      .waitFor({ state: "attached", timeout: 30_000 })
      .catch(() => {});
    assert.deepEqual(errors, []);
    assert.equal(await page.locator("output").textContent(), "refuse true");
    assert.ok(
      !server.asked.some((path) => path.includes("full")),
      "the full module is not fetched",
    );
  } finally {
    server.close();
  }
}

test("vite builds it without a setting, worker included", async () => {
  const { build } = await import("vite");
  const root = await source("vite-app", true);
  await build({ root, logLevel: "error", build: { target: "es2022" }, worker: { format: "es" } });
  await check(join(root, "dist"));
});

test("esbuild builds it with the wasm files copied beside", async () => {
  const { build } = await import("esbuild");
  const root = await source("esbuild-app", false);
  const outdir = join(root, "dist");
  const entryPoints = [join(root, "main.js")];
  await build({
    entryPoints,
    outdir,
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
  });
  await writeFile(join(outdir, "index.html"), PAGE);
  for (const name of ["scorebox.wasm", "shim/shim_bg.wasm"])
    await cp(join(dist, name), join(outdir, name));
  await check(outdir);
});
