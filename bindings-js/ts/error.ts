/** The one error of this package: a code from a closed list, where it happened, and what would be right. */

/**
 * Every failure that this package throws. Match on `code`; `docs/errors.md` lists them. Codes of the
 * module are the same in every host; `integrity` and `released` exist in JavaScript only.
 */
export class ScoreboxError extends Error {
  override readonly name = "ScoreboxError";
  /** What went wrong, as a text that is never renamed. */
  readonly code: string;
  /** Where: a JSON path, a node of a model, an address; or an empty text. */
  readonly path: string;

  constructor(code: string, message: string, path = "", cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
  }
}

/** Makes a call into the shim and gives what it throws its class. */
export function guarded<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    throw classed(thrown);
  }
}

/** The shim's errors carry `code` and `path`; anything else is a defect and passes unchanged. */
function classed(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof ScoreboxError) return thrown;
  const { code, path } = thrown as Error & { code?: unknown; path?: unknown };
  if (typeof code !== "string") return thrown;
  return new ScoreboxError(code, thrown.message, typeof path === "string" ? path : "");
}
