import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Bundle, load, ScoreboxError } from "scorebox";

const folder = join(process.env.SCOREBOX_ROOT, "models/credit");
const packaged = createRequire(import.meta.url).resolve("scorebox/scorebox.wasm");
const NOW = "2026-11-23T09:00:00Z";
const zip = await zipOf(folder);
const sri = (bytes, kind = "sha384") =>
  `${kind}-${createHash(kind).update(bytes).digest("base64")}`;

let bundle;
before(async () => {
  bundle = await load(folder);
});
after(() => bundle.free());

/** The bytes of the folder as the package sends them: taken from a load that fails its integrity. */
async function zipOf(path) {
  const { readPath } = await import(new URL("./node-files.js", pathToFileURL(packaged)));
  return readPath(path);
}

const failure = (code) => (error) => error instanceof ScoreboxError && error.code === code;

test("a bundle loads from a path, a URL, a response and bytes", async () => {
  const response = () => new Response(zip);
  const data = new URL(`data:application/zip;base64,${Buffer.from(zip).toString("base64")}`);
  for (const source of [
    folder,
    pathToFileURL(folder),
    response(),
    Promise.resolve(response()),
    zip,
    data,
  ]) {
    const loaded = await load(source);
    assert.ok(loaded instanceof Bundle);
    assert.equal(loaded.digest, bundle.digest);
    loaded.free();
  }
  const copy = zip.buffer.slice(zip.byteOffset, zip.byteOffset + zip.byteLength);
  (await load(copy)).free();
  assert.equal(copy.byteLength, zip.byteLength, "the caller's buffer is not detached");
});

test("integrity is checked for bytes and responses alike", async () => {
  for (const kind of ["sha256", "sha384", "sha512"]) {
    (await load(zip, { integrity: sri(zip, kind) })).free();
    (await load(new Response(zip), { integrity: `sha256-AAAA ${sri(zip, "sha512")}` })).free();
    await assert.rejects(
      load(zip, { integrity: sri(Buffer.from("other"), kind) }),
      failure("integrity"),
    );
  }
  await assert.rejects(load(zip, { integrity: "md5-abc" }), failure("integrity"));
  await assert.rejects(load(zip, { integrity: "" }), failure("integrity"));
  const weaker = `${sri(zip, "sha256")} sha512-${"A".repeat(88)}`;
  await assert.rejects(
    load(zip, { integrity: weaker }),
    failure("integrity"),
    "only the strongest counts",
  );
});

test("the module is the file that every host runs, and the decision names it", async () => {
  const wasm = await readFile(packaged);
  const digest = `sha256:${createHash("sha256").update(wasm).digest("hex")}`;
  assert.equal(bundle.moduleDigest, digest);
  assert.equal(bundle.score({}, { now: NOW }).digests.module, digest);
  const module = new WebAssembly.Module(wasm);
  assert.deepEqual(WebAssembly.Module.imports(module), [], "it asks for nothing");
  const own = await load(zip, { module: wasm, moduleIntegrity: sri(wasm) });
  assert.equal(own.moduleDigest, digest);
  own.free();
  const wrong = load(zip, { module: wasm, moduleIntegrity: sri(zip) });
  await assert.rejects(wrong, failure("integrity"));
});

test("what is wrong is said with a code", async () => {
  await assert.rejects(load(join(folder, "nothing.zip")), failure("io"));
  await assert.rejects(load(new Response("no", { status: 404 })), failure("io"));
  await assert.rejects(load("http://127.0.0.1:1/b.zip"), failure("io"));
  await assert.rejects(load(new Uint8Array()), failure("bundle_malformed"));
  await assert.rejects(
    load(new TextEncoder().encode("no zip at all")),
    failure("bundle_malformed"),
  );
  await assert.rejects(load(zip.slice(0, zip.length / 2)), failure("bundle_malformed"));
  await assert.rejects(load(42), failure("request_invalid"));
  await assert.rejects(load(zip, { module: new Uint8Array([0, 1, 2]) }), failure("module_abi"));
  const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
  await assert.rejects(load(zip, { module: empty }), failure("module_abi"));
  await assert.rejects(load(zip, { limits: { nonsense: 1 } }), failure("request_invalid"));
});

test("what was given back says so, and giving back twice is fine", async () => {
  const loaded = await load(zip);
  loaded.free();
  loaded.free();
  assert.throws(() => loaded.score({}), failure("released"));
  const scoped = await load(zip);
  assert.ok(scoped.memoryBytes > 0);
  // What `using` calls; Node 20 has the symbol but not yet the keyword.
  scoped[Symbol.dispose]();
  assert.throws(() => scoped.digest, failure("released"));
});
