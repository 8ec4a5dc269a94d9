// The load harness' report in a real Chromium: made by dunlin-bench from results written here, so that every bar
// and curve has a known length; read at the widths of a desk and of a hand, in the light and in the dark.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { BENCH, openPage, startBrowser } from "./harness.mjs";

const HOSTILE = '<img src=x onerror="document.title=1">';
const MICROSECOND = 1000;

let browser, directory, url;

// One result as dunlin-bench writes it.
function result({ target, label, repetition, cpu, metrics = [], parameters = {}, lost = 0, warnings = [], slowest = 100 }) {
  // 900 of 1000 took 50 µs, 95 took 80 µs, 5 took `slowest` µs.
  const buckets = [[50 * MICROSECOND, 900], [80 * MICROSECOND, 95], [slowest * MICROSECOND, 5]];
  return {
    scenario: "push", target, label, started_at: `2024-01-02T03:0${repetition}:00Z`,
    parameters: { loop: "closed", duration_s: "5", ...parameters },
    machine: { processor: "Example", kernel: "6.1" },
    metrics: [
      { name: "pushes", unit: "1/s", value: 1e6 / cpu, better: "higher", samples: [0.9e6 / cpu, 1.1e6 / cpu] },
      { name: "server_cpu", unit: "us/push", value: cpu, better: "lower", samples: [cpu * 0.98, cpu, cpu * 1.02] },
      ...metrics],
    latencies: [{ name: "push", meaning: "sending to arrival", unit: "ns", min: 50 * MICROSECOND,
      mean: 53 * MICROSECOND, max: slowest * MICROSECOND, buckets }],
    checks: [{ name: "received", count: 1000, must_be_zero: false }, { name: "lost", count: lost, must_be_zero: true }],
    warnings,
  };
}

const RESULTS = [
  ...[10, 12, 11].map((cpu, i) => result({ target: "dunlin", label: "push 1000", repetition: i, cpu })),
  ...[10, 10, 9].map((cpu, i) => result({ target: "limit", label: "push 1000", repetition: i, cpu })),
  ...[40, 44, 42].map((cpu, i) => result({ target: "node-ws", label: "push 1000", repetition: i, cpu, slowest: 20_000 })),
  result({ target: "dunlin", label: "echo 64", repetition: 4, cpu: 6.5 }),
  result({ target: "limit", label: "echo 64", repetition: 4, cpu: 6.4, lost: 3 }),
  result({ target: "dunlin", label: "soak", repetition: 5, cpu: 7, parameters: { duration_s: "3600" },
    metrics: [{ name: "user_held", unit: "MiB", value: 21, better: "lower", samples: [20, 20.5, 21, 21, 21] }],
    warnings: ["other processes used 12 % of a core meanwhile"] }),
  result({ target: HOSTILE, label: HOSTILE, repetition: 6, cpu: 1, warnings: [HOSTILE] }),
];

before(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "dunlin-report-"));
  const files = RESULTS.map((one, i) => {
    const file = path.join(directory, `${i}.json`);
    fs.writeFileSync(file, JSON.stringify(one));
    return file;
  });
  fs.writeFileSync(path.join(directory, "ready.json"), '{"pid":1}');  // Stands among the results of bench/run.sh.
  const goals = path.join(directory, "goals.toml");
  fs.writeFileSync(goals, '["push 1000"]\nlimit = 1.05\nvalue = 12\nnode-ws.limit = 5\n["echo 64"]\nlimit = 1.1\nnode-ws.limit = 5\n');
  const page = path.join(directory, "report.html");
  execFileSync(BENCH, ["report", ...files, path.join(directory, "ready.json"), "--goals", goals, "-o", page]);
  url = pathToFileURL(page).href;
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  if (directory) fs.rmSync(directory, { recursive: true });
});

const open = (width, options = {}) => openPage(browser, url, { viewport: { width, height: 900 }, ...options });
const card = (page, section, label) => page.locator(`#${section} .card`, { has: page.locator("h3", { hasText: label }) });

test("verdict: goals, checks and warnings in words, with links to the rows", async () => {
  const page = await open(1280);
  const verdicts = await page.locator(".verdict").allTextContents();
  assert.match(verdicts[0], /✗ 2 of 5 goals missed, 1 not measured.*push 1000, echo 64.*not measured: echo 64: node-ws \/ limit/);
  assert.match(verdicts[1], /✗ Not all runs are sound.*lost 3: echo 64 · limit/);
  assert.match(verdicts[2], /! 2 of 13 runs carry warnings/);
  assert.match(await page.locator("header").textContent(), /4 rows, 4 targets, 1 to 3 repetitions: 13 runs.*Example; kernel 6\.1/);
  await page.click(".verdict a[href='#row-1']");
  assert.equal(await page.locator(".card:target h3").textContent(), "push 1000");
  await page.done();
});

test("at a glance: a mark for each ratio, on a logarithmic scale around 1", async () => {
  const page = await open(1280);
  const said = await page.locator("#ratios-d").textContent();
  assert.equal(said, "push 1000: 1.100 × limit 0.262 × node-ws; echo 64: 1.016 × limit");
  const middle = async (selector) => {
    const box = await page.locator(`svg.ratios ${selector}`).first().boundingBox();
    return box.x + box.width / 2;
  };
  const [even, limit, node] = [await middle(".even"), await middle(".ratio.t1 path"), await middle(".ratio.t2 path")];
  const proportion = (limit - even) / (node - even);
  assert.ok(Math.abs(proportion - Math.log(1.1) / Math.log(11 / 42)) < 0.01, `${proportion}`);
  assert.deepEqual(await page.locator("svg.ratios a text").allTextContents(), ["push 1000 ✗ missed", "echo 64 ✗ missed"]);
  await page.click("svg.ratios a >> nth=1");
  assert.equal(await page.locator(".card:target h3").textContent(), "echo 64");
  await page.done();
});

test("bars: lengths are the medians, goals and reference stand where they belong", async () => {
  const page = await open(1280);
  const push = card(page, "overview", "push 1000");
  const width = async (index) => (await push.locator(".bar").nth(index).boundingBox()).width;
  const [dunlin, limit, node] = [await width(0), await width(1), await width(2)];
  assert.ok(Math.abs(dunlin / limit - 11 / 10) < 0.01, `${dunlin} / ${limit}`);
  assert.ok(Math.abs(node / limit - 42 / 10) < 0.03, `${node} / ${limit}`);
  assert.deepEqual(await push.locator(".value").allTextContents(), ["11", "10", "42"]);
  assert.deepEqual(await push.locator(".note").allTextContents(), ["dunlin 1.100×", "dunlin 0.262×"]);
  assert.equal(await push.locator(".repetition").count(), 9);
  const left = (await push.locator(".bar").first().boundingBox()).x;
  const at = async (selector) => {
    const boxes = await push.locator(selector).evaluateAll((all) => all.map((e) => e.getBoundingClientRect()));
    return boxes.map((box) => (box.x + box.width / 2 - left) / limit * 10);
  };
  const goals = await at(".goal-mark .stem");
  assert.equal(goals.length, 3);
  [12, 10.5, 50].forEach((goal, i) => assert.ok(Math.abs(goals[i] - goal) < 0.1, `${goals}`));
  for (const reference of await at(".reference")) assert.ok(Math.abs(reference - 10) < 0.1, `${reference}`);
  assert.deepEqual(await push.locator(".goals li").allTextContents(), [
    "✓ reached 11, at most 12 CPU us", "✗ missed 1.100 × limit, at most 1.05", "✓ reached node-ws: 4.200 × limit, at most 5"]);
  // The mark stands at the figure of the one that lost something, and a goal judged by it is missed.
  const echo = card(page, "overview", "echo 64");
  assert.equal(await echo.locator("g", { hasText: "(!)" }).count(), 1);
  assert.match(await echo.locator("g", { hasText: "(!)" }).textContent(), /limit.*6\.40 \(!\)/s);
  assert.deepEqual(await echo.locator(".goals li").allTextContents(), [
    "✗ missed 1.016 (!) × limit, at most 1.1", "✗ not measured node-ws / limit"]);
  assert.match(await echo.textContent(), /✗ not sound \(!\) limit: lost 3/);
  await page.done();
});

test("curves: percentiles of all repetitions, the subject on top", async () => {
  const page = await open(1280);
  const push = card(page, "latency", "push 1000");
  assert.equal(await push.locator(".curve[points]").count(), 3);
  assert.equal(await push.locator(".curve[points]").last().evaluate((e) => e.classList.contains("subject")), true);
  const landmarks = await push.locator(".landmark title").allTextContents();
  for (const text of ["dunlin p50: 50.2 µs", "dunlin p99: 80.4 µs", "dunlin p99.9: 100 µs", "node-ws p99.9: 20 ms", "node-ws maximum: 20 ms"])
    assert.ok(landmarks.includes(text), `${text} in ${landmarks}`);
  // What is slower is drawn higher, what is rarer further right.
  const box = (text) => push.locator(".landmark", { has: page.locator("title", { hasText: text }) }).boundingBox();
  const [median, slow, slower] = [await box("dunlin p50"), await box("dunlin p99.9:"), await box("node-ws p99.9:")];
  assert.ok(median.x < slow.x && median.y > slow.y && slow.y > slower.y);
  const soak = card(page, "holdings", "soak");
  assert.match(await soak.locator("desc").textContent(), /dunlin: from 20 to 21 MiB/);
  assert.ok((await soak.locator("svg.lines text").allTextContents()).includes("minutes"));
  await page.done();
});

test("figures: a table for those who read, faults marked", async () => {
  const page = await open(1280);
  const line = (label, target) => page.locator("#throughput tbody", { hasText: label }).locator("tr", { has: page.locator(`th:text-is("${target}")`) });
  assert.deepEqual(await line("push 1000", "dunlin").locator("td").allTextContents(),
    ["90,909", "50.2 µs", "50.2 µs", "80.4 µs", "100 µs", "100 µs", "0", "0", "0", "0"]);
  assert.match(await line("echo 64", "limit").textContent(), /✗ 3/);
  assert.deepEqual(await page.locator("#table tbody tr").first().locator("td").allTextContents().then((all) => all.slice(0, 4)),
    ["CPU us", "11", "101.100×", "420.262×"]);
  assert.equal(await card(page, "slices", "push 1000").locator("tr:last-child polyline").count(), 9);
  await page.done();
});

for (const [width, colorScheme] of [[1280, "light"], [400, "light"], [400, "dark"]]) {
  test(`at ${width} pixels, ${colorScheme}: no request, no script, nothing beside the page or over other text`, async () => {
    const page = await open(width, { colorScheme });
    assert.equal(await page.evaluate(() => performance.getEntriesByType("resource").length + document.scripts.length), 0);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    // Every picture says what it is, and keeps its letters' size.
    const pictures = page.locator("svg[role=img]");
    for (const picture of await pictures.all()) {
      const said = await picture.evaluate((e) => e.getAttribute("aria-labelledby").split(" ").map((id) => document.getElementById(id)?.textContent));
      assert.ok(said.every((text) => text?.length > 0), `${said}`);
    }
    const overlaps = await page.locator("svg.ratios, #overview svg.bars, #latency > .cards svg.lines").evaluateAll((all) => all.flatMap((svg) => {
      const texts = [...svg.querySelectorAll("text")].map((e) => ({ text: e.textContent, box: e.getBoundingClientRect() }));
      const crossing = (a, b) => a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom;
      return texts.flatMap((a, i) => texts.slice(i + 1).filter((b) => crossing(a.box, b.box)).map((b) => `${a.text} × ${b.text}`))
        .concat(texts.filter((a) => a.box.height < 11).map((a) => `${a.text} is too small`));
    }));
    assert.deepEqual(overlaps.filter((text) => !text.includes("<img")), []);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const lightness = Math.max(...ground.match(/\d+/g).slice(0, 3).map(Number));
    assert.equal(lightness > 128, colorScheme === "light");
    await page.shot(`report-${width}-${colorScheme}`);
    await page.done();
  });
}

test("names from files are text", async () => {
  const page = await open(1280);
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.title(), "dunlin · load report");
  assert.equal(await page.locator("#overview h3", { hasText: HOSTILE }).count(), 1);
  await page.done();
});

test("mistakes are told", () => {
  const fails = (args) => {
    try {
      execFileSync(BENCH, args, { stdio: "pipe" });
    } catch (error) {
      return `${error.status} ${error.stderr}`;
    }
    return "0";
  };
  const ready = path.join(directory, "ready.json");
  const one = path.join(directory, "0.json");
  assert.match(fails(["report", ready]), /^1 .*none of these files is a result/);
  assert.match(fails(["report", one, "-o", path.join(directory, "nowhere", "report.html")]), /^1 .*cannot write .*report\.html/);
  assert.match(fails(["report", path.join(directory, "nowhere.json")]), /^\d+ .*nowhere\.json/);
});
