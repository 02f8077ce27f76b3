// The decision on the page.

import { drawReasons } from "./chart.js";
import { byId, element } from "./elements.js";
import { drawGauge } from "./gauge.js";
import { said, words } from "./words.js";

const DIGITS = 16;

/** Shows a decision in a language. */
export function show(decision, description, language) {
  const text = words(language);
  const { outcome, scores, quality, reasons, digests } = decision;
  const points = scores.points ?? null;
  const { min, max } = description.points ?? { min: 300, max: 850 };
  drawGauge(byId("gauge"), { points, min, max, unit: text.points, outcome });

  byId("outcome").textContent = text.outcomes[outcome] ?? outcome;
  byId("outcome").className = `outcome ${outcome}`;
  byId("outcome-note").textContent = text.notes[outcome] ?? "";
  byId("grade").textContent = scores.grade ?? "–";
  byId("pd").textContent = percent(scores.pd);

  const titles = new Map(
    description.inputs.map((input) => [input.name, said(input.title, language)]),
  );
  list("quality", quality.issues, ({ field, issue }) => {
    const name = (titles.get(field) || field).replace(/[（(].*$/, "").trim();
    return `${name} ${text.issues[issue] ?? issue}`;
  });
  const rules = reasons.filter(({ source }) => source === "policy");
  list("rules", rules, (rule) => rule.text);
  const { trace = [], fired = [] } = decision.policy ?? {};
  byId("rules-title").hidden = trace.length === 0;
  byId("rules-note").textContent = trace.length > 0 ? text.checked(trace.length, fired.length) : "";

  const model = reasons.filter(({ source }) => source === "model");
  byId("reasons-title").hidden = outcome === "refuse";
  byId("reasons-note").textContent =
    outcome === "refuse" ? "" : model.length > 0 ? text.reasonsNote : text.noReasons;
  drawReasons(byId("chart"), model);

  const receipt = [
    [text.module, digests.module],
    [text.bundle, digests.bundle],
    [text.input, digests.input],
  ];
  byId("digests").replaceChildren(
    ...receipt.map(([name, digest]) => {
      const short = digest.replace(/^sha256:/, "").slice(0, DIGITS);
      const shown = element("code", { textContent: `${short}…`, title: digest });
      return element("div", {}, element("dt", { textContent: name }), element("dd", {}, shown));
    }),
  );
  const strip = byId("strip");
  strip.hidden = false;
  strip.dataset.outcome = outcome;
  strip.replaceChildren(
    element("strong", { textContent: points === null ? "–" : `${points} · ${scores.grade ?? ""}` }),
    element("span", { textContent: text.outcomes[outcome] ?? outcome }),
  );
  byId("result").setAttribute("aria-busy", "false");
}

/** Shows that scoring failed, and why. */
export function showFailure(error, language) {
  byId("outcome").textContent = words(language).failed;
  byId("outcome").className = "outcome refuse";
  byId("outcome-note").textContent = `${error.code ?? "internal"}: ${error.message}`;
}

function list(id, items, text) {
  byId(id).replaceChildren(...items.map((item) => element("li", { textContent: text(item) })));
  byId(id).hidden = items.length === 0;
}

function percent(share) {
  if (share === null || share === undefined) return "–";
  return `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`;
}
