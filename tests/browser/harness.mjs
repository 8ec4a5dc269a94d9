// The gateway as a process, Chromium driven by Playwright, and pages that may not complain.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const BINARY = process.env.DUNLIN_BIN ?? path.join(ROOT, "build/release/dunlin");
export const BENCH = path.join(path.dirname(BINARY), "dunlin-bench");  // Built beside the gateway.
export const SCREENSHOTS = path.join(ROOT, "build/screenshots");
export const PATIENCE = 30_000;  // How long what must happen may take; only a failure waits this long.

// The gateway on ports the system chooses: {public, api} as URLs, output(), post(), delete(), stop().
export async function startGateway({ args = [], env = {} } = {}) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "dunlin-browser-"));
  const readyFile = path.join(directory, "ready.json");
  const log = fs.openSync(path.join(directory, "log"), "w");
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DUNLIN_")));
  const watcher = fs.watch(directory);
  const child = spawn(BINARY, ["serve", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--ready-file", readyFile,
    "--shards", "2", ...args],
    { stdio: ["ignore", log, log], env: { ...clean, DUNLIN_DRAIN_WINDOW_MS: "100", DUNLIN_DRAIN_RECONNECT_SPREAD_MS: "100", ...env } });
  const output = () => fs.readFileSync(path.join(directory, "log"), "utf8");
  const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
  const ready = new Promise((resolve) => {
    const look = () => { try { resolve(JSON.parse(fs.readFileSync(readyFile, "utf8"))); } catch { /* Not yet. */ } };
    watcher.on("change", look);
    look();
  });
  const address = await Promise.race([ready, exited]);
  watcher.close();
  if (typeof address !== "object") throw new Error(`the gateway ended with ${address}\n${output()}`);

  const api = `http://${address.api}`;
  async function call(method, where, body) {
    const response = await fetch(api + where, body === undefined ? { method } :
      { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    return { status: response.status, body: await response.json().catch(() => null) };
  }
  return {
    public: `http://${address.public}`, api, apiAddress: address.api, output,
    get: (where) => call("GET", where),
    post: (where, body) => call("POST", where, body),
    delete: (where, body) => call("DELETE", where, body),
    async stop() {
      child.kill("SIGTERM");
      const status = await exited;
      const text = output();
      fs.rmSync(directory, { recursive: true });
      if (status !== 0) throw new Error(`the gateway ended with ${status}\n${text}`);
    },
  };
}

export async function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

// A page in a context of its own. assertNoComplaints() throws if the page complained: an error in the console, an
// exception, a request that failed or went to another host.
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  page.on("request", (request) => {
    if (new URL(request.url()).host !== new URL(url).host) complaints.push(`foreign: ${request.url()}`);
  });
  page.on("response", (response) => { if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`); });
  await page.goto(url);
  page.assertNoComplaints = () => { if (complaints.length) throw new Error(`${url} complained: ${complaints.join("; ")}`); };
  page.done = async () => { page.assertNoComplaints(); await context.close(); };
  // The console's lines of one kind ("sent", "received", "event"), as texts.
  page.lines = (kind) => page.locator(`#log li.${kind} .text`).allTextContents();
  page.waitForLine = (kind, text) =>
    page.locator(`#log li.${kind} .text`, { hasText: text }).last().waitFor();
  page.waitForState = (state) => page.locator(`#state[data-state=${state}]`).waitFor();
  page.shot = async (name) => {
    fs.mkdirSync(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
  };
  return page;
}

export { once };
