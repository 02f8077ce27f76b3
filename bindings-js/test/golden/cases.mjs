// The golden cases as JavaScript reads them; tests/golden/FORMAT.md says what they are.
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export const ROOT = process.env.SCOREBOX_ROOT;
const GOLDEN = join(ROOT, "tests/golden");
const KEYS = new Set(["why", "bundle", "request", "text", "hex", "expect"]);

/** All cases, sorted by path, with the request's bytes and the expected decision's text. */
export async function readCases() {
  const cases = [];
  const decisions = new Set();
  const groups = (await readdir(GOLDEN, { withFileTypes: true })).filter((entry) =>
    entry.isDirectory(),
  );
  for (const group of groups.map(({ name }) => name).sort()) {
    for (const name of (await readdir(join(GOLDEN, group))).sort()) {
      const path = join(GOLDEN, group, name);
      if (name.endsWith(".decision")) decisions.add(`${group}/${name.slice(0, -9)}`);
      if (!name.endsWith(".json")) continue;
      const body = JSON.parse(await readFile(path, "utf8"));
      const unknown = Object.keys(body).filter((key) => !KEYS.has(key));
      if (unknown.length > 0) throw new Error(`${path}: unknown keys ${unknown}`);
      const id = `${group}/${name.slice(0, -5)}`;
      const decided = body.expect === "decision";
      const expected = decided ? await readFile(join(GOLDEN, `${id}.decision`), "utf8") : null;
      const request = requestBytes(body);
      const same = decided ? await sameness(body) : [];
      cases.push({ id, bundle: body.bundle, body, request, expected, same });
      if (decided && !decisions.has(id) && !existsSync(join(GOLDEN, `${id}.decision`)))
        throw new Error(`${id} has no .decision`);
    }
  }
  const decided = new Set(cases.filter(({ expected }) => expected !== null).map(({ id }) => id));
  for (const id of decisions) if (!decided.has(id)) throw new Error(`${id}.decision has no case`);
  const count = Number(await readFile(join(GOLDEN, "count.txt"), "utf8"));
  if (cases.length < count) throw new Error(`${cases.length} cases, count.txt says ${count}`);
  return cases;
}

/** Where a bundle's folder lies. */
export function bundleFolder(name) {
  const model = join(ROOT, "models", name);
  return existsSync(join(model, "bundle.json")) ? model : join(ROOT, "tests/bundles", name);
}

/** The values by which the bundle would take the record for the same as another of its batch. */
async function sameness({ bundle, request }) {
  const manifest = JSON.parse(await readFile(join(bundleFolder(bundle), "bundle.json"), "utf8"));
  return (manifest.duplicates?.key ?? []).map((field) => request?.record?.[field] ?? null);
}

function requestBytes({ request, text, hex }) {
  if (hex !== undefined) return Buffer.from(hex, "hex");
  if (request !== undefined) return Buffer.from(JSON.stringify(request));
  const parts = Array.isArray(text) ? text : [[text ?? "", 1]];
  return Buffer.from(parts.map(([part, times]) => part.repeat(times)).join(""));
}
