// Walks golden cases in whatever host this is: Node imports it, and the Chromium page loads it.

const decoder = new TextDecoder();

/**
 * Scores each case and compares bytes. `open(name)` loads a bundle. Returns how many passed and, for
 * each that did not, what came instead.
 */
export async function walk(cases, open) {
  const bundles = new Map();
  const opened = (name) => {
    if (!bundles.has(name)) bundles.set(name, open(name));
    return bundles.get(name);
  };
  const failures = [];
  const batches = new Map();
  for (const one of cases) {
    const found = await answer(one, opened);
    const wanted = expected(one, found.module);
    if (found.text !== wanted) failures.push({ id: one.id, wanted, found: found.text });
    if (one.expected !== null && fits(one.body.request, found.inputs)) gather(batches, one, wanted);
  }
  for (const { bundle, options, rows } of batches.values()) {
    const records = rows.map(({ record }) => record);
    const decisions = (await opened(bundle)).scoreBatch(records, {
      ...options,
      output: "decisions",
    });
    rows.forEach(({ id, wanted }, at) => {
      // Canonical numbers are those of ECMAScript, so that reading and writing changes nothing.
      const found = JSON.stringify(decisions[at]);
      if (found !== wanted) failures.push({ id: `${id} (batch)`, wanted, found });
    });
  }
  for (const bundle of bundles.values())
    await bundle.then(
      (loaded) => loaded.free(),
      () => {},
    );
  return {
    passed: cases.length - new Set(failures.map(({ id }) => id)).size,
    failures,
    batches: batches.size,
  };
}

async function answer({ bundle, request }, opened) {
  let loaded;
  try {
    loaded = await opened(bundle);
  } catch (error) {
    return { text: `load_error ${error.code ?? error}` };
  }
  try {
    return {
      text: decoder.decode(loaded.scoreRequest(request)),
      module: loaded.moduleDigest,
      inputs: loaded.describe().inputs,
    };
  } catch (error) {
    return { text: `error ${error.code ?? error}` };
  }
}

function expected({ body, expected: text }, module) {
  if (text !== null) return text.replaceAll("{module}", module);
  const [[kind, code]] = Object.entries(body.expect);
  return `${kind} ${code}`;
}

/**
 * Whether a batch can be asked for it (what would change an outcome is asked for one record at a time) and a table can
 * say the record: each field an input, of the type that its column has. A column of
 * texts is read as CSV is, so that "34" is a number there and an empty text is missing.
 */
function fits(request, inputs) {
  if (!request || !inputs || "what_if" in request) return false;
  return Object.entries(request.record).every(([name, value]) => {
    const type = inputs.find((input) => input.name === name)?.type;
    if (type === undefined || value === null) return type !== undefined;
    if (type === "number") return typeof value === "number";
    if (type === "integer") return Number.isInteger(value);
    if (type === "boolean") return typeof value === "boolean";
    return typeof value === "string" && value !== "";
  });
}

/** Cases of one bundle that share their options are a batch too; records that are the same are in several. */
function gather(batches, one, wanted) {
  const { record, ...options } = one.body.request;
  const same = JSON.stringify(one.same);
  let key;
  for (let number = 0; ; number++) {
    key = JSON.stringify([one.bundle, options, number]);
    const alone = one.same.length === 0 || !batches.get(key)?.rows.some((row) => row.same === same);
    if (alone) break;
  }
  const batch = batches.get(key) ?? { bundle: one.bundle, options, rows: [] };
  batch.rows.push({ id: one.id, record, wanted, same });
  batches.set(key, batch);
}
