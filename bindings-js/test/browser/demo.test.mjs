import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { bundleFolder, ROOT } from "../golden/cases.mjs";
import { launch, open, serve } from "./server.mjs";

const dist = dirname(createRequire(import.meta.url).resolve("scorebox/scorebox.wasm"));
const { readPath } = await import(pathToFileURL(join(dist, "node-files.js")));
const SIZES = [
  ["desktop", { width: 1280, height: 900 }],
  ["phone", { width: 390, height: 844 }],
];

let browser;
let server;

before(async () => {
  server = await serve({
    "/": join(ROOT, "bindings-js/demo/dist"),
    "/bundles/credit.zip": await readPath(bundleFolder("credit")),
  });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

for (const [name, viewport] of SIZES)
  test(`the demo scores every keystroke without a request (${name})`, async () => {
    const { page, errors } = await open(browser, server.origin, { viewport, locale: "en-GB" });
    await page.locator("html[data-ready]").waitFor({ state: "attached" });
    const requests = [];
    page.on("request", (request) => requests.push(request.url()));
    const asked = server.asked.length;
    const points = () => page.locator("#gauge .points").textContent();

    const first = await points();
    assert.match(first, /^\d{3}$/);
    await page.locator("#input-pay_0").selectOption("4");
    assert.notEqual(await points(), first, "a later payment changes the points");
    await page.locator("#outcome.decline").waitFor();
    assert.ok((await page.locator("#rules li").count()) > 0, "the rule that declined is named");
    assert.ok((await page.locator("#chart li").count()) > 0, "reasons are charted");

    const limit = page.locator("#input-limit_bal");
    await limit.fill("");
    await page.locator("#outcome.refuse").waitFor();
    assert.match(await page.locator("#quality").textContent(), /Credit limit is missing/);
    await limit.pressSequentially("2500x");
    assert.match(await page.locator("#quality").textContent(), /Credit limit/);
    await limit.press("Backspace");
    await page.locator("#outcome:not(.refuse)").waitFor();

    await page.getByRole("button", { name: "中文" }).click();
    await page.locator("html[lang=zh]").waitFor({ state: "attached" });
    assert.match(await page.locator("h1").textContent(), /信用/);
    assert.match(await page.locator("#reasons-title").textContent(), /风险/);
    await page.locator("#examples button").nth(1).click();
    await page.locator("#outcome.approve").waitFor();
    await page.locator("#latency", { hasText: "µs" }).waitFor();
    assert.match(await page.locator("#requests").textContent(), / 0 /);

    assert.deepEqual(requests, [], "nothing leaves the page");
    assert.equal(server.asked.length, asked);
    assert.deepEqual(errors, []);
    const wide = await page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);
    assert.equal(wide, 0, "nothing sticks out at the side");
    await page.context().close();
  });
