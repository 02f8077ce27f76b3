// Points on an arc from the scorecard's floor to its cap.

import { drawn } from "./elements.js";

const RADIUS = 84;
const CENTRE = [100, 100];
/** The arc runs from 200 degrees on the left over the top to -20 on the right. */
const [FROM, TO] = [200, -20];

const at = (share, radius = RADIUS) => {
  const angle = ((FROM + (TO - FROM) * share) * Math.PI) / 180;
  return [CENTRE[0] + radius * Math.cos(angle), CENTRE[1] - radius * Math.sin(angle)];
};

function arc(share) {
  const [start, end] = [at(0), at(share)];
  const large = (FROM - TO) * share > 180 ? 1 : 0;
  return `M${start.map((n) => n.toFixed(2)).join(" ")}A${RADIUS} ${RADIUS} 0 ${large} 1 ${end.map((n) => n.toFixed(2)).join(" ")}`;
}

/** Draws the gauge; `points` is null where a record was not scored. */
export function drawGauge(place, { points, min, max, unit, outcome }) {
  const share = points === null ? 0 : Math.min(1, Math.max(0, (points - min) / (max - min)));
  const parts = [drawn("path", { d: arc(1), class: "track" })];
  if (share > 0) parts.push(drawn("path", { d: arc(share), class: `filled ${outcome}` }));
  if (points !== null) {
    const [x, y] = at(share);
    parts.push(drawn("circle", { cx: x, cy: y, r: 9, class: `knob ${outcome}` }));
  }
  const ends = [
    [min, at(0)],
    [max, at(1)],
  ].map(([end, [x]]) => drawn("text", { x, y: 152, class: "end" }, String(end)));
  const svg = drawn(
    "svg",
    { viewBox: "0 0 200 158", role: "img", "aria-label": `${points ?? "–"} ${unit}` },
    ...parts,
    ...ends,
    drawn("text", { x: 100, y: 106, class: "points" }, points === null ? "–" : String(points)),
    drawn("text", { x: 100, y: 128, class: "of" }, unit),
  );
  place.replaceChildren(svg);
}
