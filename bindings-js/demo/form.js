// The form, made from what the bundle says about its inputs.

import { byId, element } from "./elements.js";
import { CHOICES, EXAMPLES, HIDDEN, SERIES, SLIDERS, UNITS } from "./presentation.js";
import { said, words } from "./words.js";

/** Numbered inputs, three or more of one stem, are a series: one column of the table of months. */
function seriesOf(inputs) {
  const stems = new Map();
  for (const input of inputs) {
    const stem = /^(.*?)_?\d+$/.exec(input.name)?.[1];
    if (stem) stems.set(stem, [...(stems.get(stem) ?? []), input]);
  }
  return [...stems].filter(([, members]) => members.length >= 3);
}

/** A value as the form shows it: numbers with their thousands apart. */
const shown = (value) =>
  typeof value === "number"
    ? value.toLocaleString("en", { maximumFractionDigits: 2 })
    : (value ?? "");

/**
 * What was typed, as a value of the record. What is not a number goes to the module as it is: the module
 * says what is wrong with it.
 */
function read(typed, numeric) {
  const text = typed.trim();
  if (text === "" || !numeric) return text === "" ? null : text;
  const number = Number(
    /^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text) ? text.replaceAll(",", "") : text,
  );
  return Number.isFinite(number) ? number : text;
}

/** A form over a bundle's inputs; `changed` is called whenever a value changes. */
export class Form {
  #inputs;
  #series;
  #values = {};
  #changed;

  constructor(inputs, changed) {
    this.#inputs = inputs.filter((input) => !HIDDEN.includes(input.name));
    this.#series = seriesOf(this.#inputs);
    this.#changed = changed;
    this.#values = { ...EXAMPLES[0].values };
    for (const input of this.#inputs)
      this.#values[input.name] ??= input.required ? (input.min ?? 0) : null;
  }

  /** The record as the form has it now. An empty field is missing. */
  get record() {
    return { ...this.#values };
  }

  /** Draws the form in a language. */
  draw(language) {
    const inSeries = new Set(this.#series.flatMap(([, members]) => members));
    const single = this.#inputs.filter((input) => !inSeries.has(input));
    byId("fields").replaceChildren(...single.map((input) => this.#field(input, language)));
    byId("months").replaceChildren(this.#table(language));
    this.#drawExamples(language);
  }

  #drawExamples(language) {
    const label = element("span", { textContent: words(language).examples, className: "note" });
    const buttons = EXAMPLES.map(({ title, values }) => {
      const button = element("button", { type: "button", textContent: said(title, language) });
      button.addEventListener("click", () => {
        Object.assign(this.#values, values);
        this.draw(language);
        this.#changed();
      });
      return button;
    });
    byId("examples").replaceChildren(label, ...buttons);
  }

  #field(input, language) {
    const id = `input-${input.name}`;
    const label = element("label", {
      htmlFor: id,
      textContent: said(input.title, language) || input.name,
    });
    const control = this.#control(input, id);
    const row = element("div", { className: "entry" }, control);
    if (input.unit)
      row.append(
        element("span", {
          className: "unit",
          textContent: said(UNITS[input.unit], language) || input.unit,
        }),
      );
    const field = element("div", { className: "field" }, label, row);
    const range = SLIDERS[input.name];
    if (range) field.append(this.#slider(input, label.textContent, range, control));
    return field;
  }

  #slider(input, label, [min, max, step], number) {
    const slider = element("input", {
      type: "range",
      min,
      max,
      step,
      value: this.#values[input.name] ?? min,
    });
    slider.setAttribute("aria-label", label);
    slider.addEventListener("input", () => {
      number.value = shown(Number(slider.value));
      this.#set(input.name, Number(slider.value));
    });
    number.addEventListener("input", () => {
      slider.value = read(number.value, true) ?? min;
    });
    return slider;
  }

  #table(language) {
    const { month, months } = words(language);
    const cell = (name, text) => element(name, { textContent: text });
    const titles = this.#series.map(([stem, members]) =>
      cell("th", said(SERIES[stem], language) || said(members[0].title, language) || stem),
    );
    const unit = this.#series
      .flatMap(([, members]) => members)
      .find(({ type }) => type === "number")?.unit;
    const head = element("thead", {}, element("tr", {}, cell("th", month), ...titles));
    const length = Math.max(0, ...this.#series.map(([, members]) => members.length));
    const rows = Array.from({ length }, (_, at) => {
      const cells = this.#series.map(([stem, members]) => {
        const input = members[at];
        const data = element("td");
        if (input) {
          const control = this.#control(input, `input-${input.name}`, CHOICES[stem], language);
          control.setAttribute("aria-label", said(input.title, language) || input.name);
          data.append(control);
        }
        return data;
      });
      const title = element("th", { scope: "row", textContent: months[at] ?? String(at + 1) });
      return element("tr", {}, title, ...cells);
    });
    const caption = unit
      ? [element("caption", { textContent: said(UNITS[unit], language) || unit })]
      : [];
    const columns = [element("col", { className: "month" })];
    for (const [stem] of this.#series)
      columns.push(element("col", { className: CHOICES[stem] ? "choice" : "amount" }));
    const group = element("colgroup", {}, ...columns);
    return element("table", {}, ...caption, group, head, element("tbody", {}, ...rows));
  }

  #control(input, id, choices, language) {
    const value = this.#values[input.name];
    if (choices || input.allowed?.length) {
      const options = choices ?? input.allowed.map((allowed) => [allowed, { en: String(allowed) }]);
      const select = element("select", { id });
      select.append(
        new Option("–", "", false, value === null),
        ...options.map(
          ([choice, title]) => new Option(said(title, language), choice, false, choice === value),
        ),
      );
      select.addEventListener("input", () => {
        this.#set(input.name, select.value === "" ? null : Number(select.value));
      });
      return select;
    }
    const numeric = input.type === "number" || input.type === "integer";
    const control = element("input", { id, type: "text", value: shown(value) });
    if (numeric) control.inputMode = (input.min ?? -1) < 0 ? "text" : "decimal";
    control.addEventListener("input", () => this.#set(input.name, read(control.value, numeric)));
    control.addEventListener("change", () => {
      control.value = shown(read(control.value, numeric));
    });
    return control;
  }

  #set(name, value) {
    this.#values[name] = value;
    this.#changed();
  }
}
