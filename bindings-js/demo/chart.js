// Reasons as bars: how much each raised the model's log-odds.

import { drawn, element } from "./elements.js";

/** The log-odds that a full bar stands for at the least, so that small contributions look small. */
const FULL = 0.5;

/** Draws one bar for each reason of the model, all on one scale. */
export function drawReasons(place, reasons) {
  const widest = Math.max(...reasons.map(({ contribution }) => Math.abs(contribution)), FULL);
  const bars = reasons.map(({ code, text, contribution }) => {
    const width = (Math.abs(contribution) / widest) * 100;
    const kind = contribution >= 0 ? "raises" : "lowers";
    const svg = drawn(
      "svg",
      { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
      drawn("rect", { width: 100, height: 10, rx: 0, class: "track" }),
      drawn("rect", { width: width.toFixed(2), height: 10, rx: 0, class: kind }),
    );
    const value = `${contribution >= 0 ? "+" : "−"}${Math.abs(contribution).toFixed(2)}`;
    return element(
      "li",
      {},
      element("span", { className: "text", textContent: text }),
      element("span", { className: "value", textContent: value }),
      svg,
      element("span", { className: "code", textContent: code }),
    );
  });
  place.replaceChildren(element("ul", {}, ...bars));
}
