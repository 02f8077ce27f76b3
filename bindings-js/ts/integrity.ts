/** Digests: of what was fetched against what was promised, and of the module for the receipt. */

import { ScoreboxError } from "./error.js";
import { hex } from "./options.js";

/** Strongest first: of several digests only those of the strongest kind count, as the SRI standard says. */
const ALGORITHMS = [
  ["sha512", "SHA-512"],
  ["sha384", "SHA-384"],
  ["sha256", "SHA-256"],
] as const;

/**
 * Checks bytes against subresource-integrity metadata: `sha384-<base64>`, several separated by spaces.
 *
 * @throws ScoreboxError `integrity` where nothing fits, also where the text names no known algorithm:
 * unlike a browser, which ignores metadata that it cannot read, a scorer must not run unchecked bytes.
 */
export async function checkIntegrity(bytes: Uint8Array, metadata: string, place: string) {
  const items = metadata.split(/\s+/).filter((item) => item !== "");
  for (const [prefix, algorithm] of ALGORITHMS) {
    const wanted = items
      .filter((item) => item.startsWith(`${prefix}-`))
      .map((item) => item.slice(prefix.length + 1).replace(/\?.*$/, ""));
    if (wanted.length === 0) continue;
    const found = base64(await digest(algorithm, bytes));
    if (wanted.includes(found)) return;
    throw new ScoreboxError(
      "integrity",
      `the bytes have ${prefix}-${found}, not what was asked`,
      place,
    );
  }
  throw new ScoreboxError(
    "integrity",
    "integrity takes sha256-, sha384- or sha512- digests",
    place,
  );
}

/** The sha256 of bytes as hexadecimal digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  return hex(await digest("SHA-256", bytes));
}

async function digest(algorithm: string, bytes: Uint8Array): Promise<Uint8Array> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    const message = "digests need a secure context: serve the page over https or from localhost";
    throw new ScoreboxError("host_setup", message);
  }
  return new Uint8Array(await subtle.digest(algorithm, bytes as Uint8Array<ArrayBuffer>));
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
