// A static server that logs what it is asked for, and Chromium.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".zip": "application/zip",
  ".json": "application/json",
};

/** What a careful page sends: WebAssembly may be compiled, and no text becomes code. */
export const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'";

/** Serves `routes`: a prefix with a slash at its end to a folder, or a path to bytes; keeps what was asked. */
export async function serve(routes, policy = POLICY) {
  const asked = [];
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    asked.push(path);
    const bytes = await find(routes, path);
    response.setHeader("content-security-policy", policy);
    response.setHeader("x-content-type-options", "nosniff");
    if (bytes === undefined) return response.writeHead(404).end();
    const type = TYPES[extname(path)] ?? TYPES[".html"];
    return response.writeHead(200, { "content-type": type }).end(bytes);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://localhost:${server.address().port}`;
  return { origin, asked, close: () => server.close() };
}

async function find(routes, asked) {
  const path = asked.endsWith("/") ? `${asked}index.html` : asked;
  if (routes[path] !== undefined) return routes[path];
  const prefix = Object.keys(routes)
    .filter((known) => known.endsWith("/") && path.startsWith(known))
    .sort((a, b) => b.length - a.length)[0];
  if (prefix === undefined) return undefined;
  return readFile(join(routes[prefix], path.slice(prefix.length))).catch(() => undefined);
}

/** A fresh Chromium without a profile and without calls of its own. */
export function launch() {
  const known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = process.env.CHROMIUM ?? known.find(existsSync);
  if (!executablePath) throw new Error("no Chromium: run test/chromium.sh or set CHROMIUM");
  const quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking"];
  const still = ["--disable-component-update", "--disable-sync", "--disable-gpu", "--no-sandbox"];
  return chromium.launch({ executablePath, headless: true, args: [...quiet, ...still] });
}

/** A page whose errors, console errors and policy violations are collected. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await page.goto(url);
  return { page, errors };
}
