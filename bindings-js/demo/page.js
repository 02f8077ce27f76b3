// The demo: loads the bundle once, then scores every keystroke in the page.

import { byId, element } from "./elements.js";
import { Form } from "./form.js";
import { show, showFailure } from "./result.js";
import { load } from "./scorebox/browser.js";
import { firstLanguage, words } from "./words.js";

/** Milliseconds of scoring that the shown time is the mean of; a page's clock counts in steps of 0.1. */
const TIMED_MS = 12;

let language = "en";
let bundle;
let description;
let form;
let timing;

/** Shows the page's own words. */
function translate() {
  document.documentElement.lang = language;
  document.title = `${words(language).title} · Scorebox`;
  for (const place of document.querySelectorAll("[data-text]"))
    place.textContent = words(language)[place.dataset.text];
  for (const button of byId("languages").children)
    button.setAttribute("aria-pressed", String(button.value === language));
  countRequests();
}

/** Requests that the browser made since the page was ready: the page's promise, counted by the browser. */
const counted = { since: Number.POSITIVE_INFINITY };
function countRequests() {
  const requests = performance.getEntriesByType("resource");
  const count = requests.filter(({ startTime }) => startTime > counted.since).length;
  byId("requests").textContent = words(language).requests(count);
}

function score() {
  const options = { now: new Date(), salt: counted.salt, lang: language };
  try {
    const record = form.record;
    show(bundle.score(record, options), description, language);
    countRequests();
    clearTimeout(timing);
    timing = setTimeout(() => measure(record, options), 150);
  } catch (error) {
    showFailure(error, language);
  }
}

function measure(record, options) {
  const started = performance.now();
  let count = 0;
  let spent = 0;
  for (; spent < TIMED_MS; count++) {
    bundle.scoreBytes(record, options);
    spent = performance.now() - started;
  }
  const micros = (spent * 1000) / count;
  byId("latency").textContent = `${Math.round(micros).toLocaleString(language)} µs`;
}

function choose(next) {
  language = next;
  translate();
  form.draw(language);
  score();
}

async function start() {
  language = firstLanguage(["en", "zh"]);
  translate();
  byId("outcome").textContent = words(language).loading;
  const name = new URLSearchParams(location.search).get("bundle") ?? "credit";
  bundle = await load(`bundles/${encodeURIComponent(name)}.zip`);
  description = bundle.describe();
  const languages = description.languages?.length ? description.languages : ["en"];
  language = firstLanguage(languages);
  byId("languages").append(
    ...languages.map((tag) => {
      const button = element("button", {
        type: "button",
        value: tag,
        textContent: words(tag).language,
      });
      button.addEventListener("click", () => choose(tag));
      return button;
    }),
  );
  counted.salt = crypto.getRandomValues(new Uint8Array(16));
  counted.since = performance.now();
  form = new Form(description.inputs, score);
  choose(language);
  // The strip repeats the outcome only while the result itself is out of sight.
  new IntersectionObserver(([{ isIntersecting }]) => {
    byId("strip").classList.toggle("unneeded", isIntersecting);
  }).observe(byId("gauge"));
  document.documentElement.dataset.ready = "true";
}

start().catch((error) => showFailure(error, language));
