/** Reading addresses in Node: files, folders and what `fetch` reads. */

import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

import { ScoreboxError } from "./error.js";
import { fetchBytes } from "./source.js";
import { storedZip } from "./zip.js";

/** The most files in a bundle's folder; the module's own limit. */
const MAX_FILES = 1_024;

/** Reads a path, a `file:` URL or a web address; a folder comes as the zip archive of its files. */
export async function readPath(address: string | URL): Promise<Uint8Array> {
  const url = /^(https?|data|blob):/i.test(String(address));
  if (url) return fetchBytes(address);
  const path = /^file:/i.test(String(address)) ? fileURLToPath(address) : String(address);
  try {
    return (await stat(path)).isDirectory() ? await folder(path) : await readFile(path);
  } catch (cause) {
    if (cause instanceof ScoreboxError) throw cause;
    const reason = (cause as NodeJS.ErrnoException).code ?? "unknown";
    throw new ScoreboxError("io", `the file cannot be read (${reason})`, path, cause);
  }
}

async function folder(root: string): Promise<Uint8Array> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
  if (paths.length > MAX_FILES)
    throw new ScoreboxError("record_budget", `a bundle has at most ${MAX_FILES} files`, root);
  const named = paths.map(async (path) => ({
    name: relative(root, path).split(sep).join("/"),
    data: await readFile(path),
  }));
  return storedZip(await Promise.all(named));
}
