/** Where bytes come from: an address, a response, or the caller's own memory. */

import { ScoreboxError } from "./error.js";
import { checkIntegrity } from "./integrity.js";

/** An address, a response (or a promise of one), or bytes, which are copied and stay the caller's. */
export type Source = string | URL | Response | Promise<Response> | ArrayBuffer | Uint8Array;

/** Reads what an address names; pages and Node differ in this and in nothing else. */
export type Reader = (address: string | URL) => Promise<Uint8Array>;

/** The bytes of a source, checked against `integrity` where that is given. */
export async function readSource(source: Source, read: Reader, integrity?: string) {
  const [bytes, place] = await open(source, read);
  if (integrity !== undefined) await checkIntegrity(bytes, integrity, place);
  return bytes;
}

async function open(source: Source, read: Reader): Promise<[Uint8Array, string]> {
  if (source instanceof Uint8Array) return [source, ""];
  if (source instanceof ArrayBuffer) return [new Uint8Array(source), ""];
  if (typeof source === "string" || source instanceof URL)
    return [await read(source), shown(source)];
  const response = await source;
  if (response instanceof Response) return [await body(response), shown(response.url)];
  throw new ScoreboxError("request_invalid", "a source is an address, a Response or bytes");
}

/** Reads an address over HTTP. */
export async function fetchBytes(address: string | URL): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(address);
  } catch (cause) {
    throw new ScoreboxError("io", "the address cannot be reached", shown(address), cause);
  }
  return body(response);
}

async function body(response: Response): Promise<Uint8Array> {
  if (!response.ok)
    throw new ScoreboxError("io", `the server answered ${response.status}`, shown(response.url));
  return new Uint8Array(await response.arrayBuffer());
}

/** An address without its query, which may carry secrets. */
function shown(address: string | URL): string {
  return String(address).replace(/[?#].*$/s, "");
}
