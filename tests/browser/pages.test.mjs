// Every page in a real Chromium against the real gateway: a person's clicks and keys, what then stands
// in the console, and a browser console without a single complaint.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPage, startBrowser, startGateway } from "./harness.mjs";

let gateway, browser;
before(async () => { [gateway, browser] = await Promise.all([startGateway(), startBrowser()]); });
after(async () => { await browser?.close(); await gateway?.stop(); });

const open = (path, options) => openPage(browser, gateway.public + path, options);

test("index: links lead to pages, command lines name the API's address", async () => {
  const page = await open(`/?api=${gateway.apiAddress}`);
  const links = await page.locator("table a").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
  assert.deepEqual(links, ["/echo.html", "/longconnecthtml", "/chat.html", "/push.html", "/context.html", "/push.html?live"]);
  for (const link of links) assert.equal((await page.request.get(gateway.public + link)).status(), 200, link);
  assert.match(await page.locator("#send pre").textContent(), new RegExp(`^curl 'http://${gateway.apiAddress}/send`));
  await page.shot("index");
  assert.ok(await page.isHidden("#certificatehint"));
  await page.click("table a[href='/push.html']");  // The other pages of this tab have been told, too.
  await page.waitForURL("**/push.html");
  assert.equal(await page.inputValue("#api"), gateway.apiAddress);
  await page.done();
  const fresh = await open("/push.html");
  assert.equal(await fresh.inputValue("#api"), "127.0.0.1:8081");  // The default address of the API.
  await fresh.done();
});

test("where the API speaks TLS, the printed address makes the command lines say so", async () => {
  const secure = await startGateway({ args: ["--set", "api.tls=true", "--set", "tls.self_signed=true"] });
  try {
    await until(() => secure.output().includes("then:"));  // It is printed when the gateway can be reached.
    const printed = (name) => secure.output().match(new RegExp(`${name} +(?:open )?(http\\S+)`))[1];
    const page = await openPage(browser, printed("pages"));
    const api = `https://${secure.apiAddress}`;
    for (const id of ["ready", "push", "online"]) {
      assert.ok((await page.locator(`#${id} pre`).textContent()).startsWith(`curl ${api}/`), id);
    }
    assert.ok(await page.isVisible("#certificatehint"));
    await page.done();
    const push = await openPage(browser, printed("try"));
    assert.equal(await push.getAttribute("#sendurl", "href"), `${api}/send?uid=123&message=Hello%20World`);
    assert.equal(await push.inputValue("#uid"), "123");
    await push.fill("#api", "127.0.0.1:1234");
    assert.match(await push.locator("#sendline pre").textContent(), /^curl 'http:\/\/127.0.0.1:1234\/send/);
    assert.ok(await push.isHidden("#certificatehint"));
    await push.done();
  } finally {
    await secure.stop();
  }
});

test("/longconnecthtml: button and Ctrl+Enter send, what came and went is shown", async () => {
  const page = await open("/longconnecthtml");
  await page.waitForState("open");
  await page.click("#send");
  await page.waitForLine("received", "pong");
  await page.fill("#text", "Hello\nWörld 😀");
  await page.press("#text", "Control+Enter");
  await page.waitForLine("received", "Wörld");
  assert.deepEqual(await page.lines("sent"), ["ping", "Hello\nWörld 😀"]);
  assert.deepEqual(await page.lines("received"), ["pong", "Hello\nWörld 😀"]);
  const times = await page.locator("#log time").allTextContents();
  for (const time of times) assert.match(time, /^\d\d:\d\d:\d\d\.\d{3}$/);
  await page.press("#text", "Enter");  // A line break, not a send.
  assert.equal((await page.lines("sent")).length, 2);
  await page.shot("longconnect");

  await page.click("#disconnect");
  await page.waitForState("closed");
  await page.waitForLine("event", "closed: 1000");
  assert.equal(await page.isDisabled("#send"), true);
  await page.press("#text", "Control+Enter");
  await page.waitForLine("bad", "not connected");
  await page.click("#connect");
  await page.waitForState("open");
  await page.click("#clear");
  assert.deepEqual(await page.lines("sent"), []);
  await page.fill("#text", "<b id=evil>not markup</b>");
  await page.click("#send");
  await page.waitForLine("received", "not markup");
  assert.equal(await page.locator("#evil").count(), 0);
  await page.done();
});

test("/chat.html: two people see each other; white space is tidied", async () => {
  const [ann, bob] = await Promise.all([open("/chat.html"), open("/chat.html")]);
  await Promise.all([ann.waitForState("open"), bob.waitForState("open")]);
  await ann.fill("#name", "Ann");
  await ann.fill("#text", "  hello Bob   ");
  await ann.press("#text", "Enter");
  await Promise.all([ann, bob].map((page) => page.waitForLine("received", "Ann:   hello Bob")));
  assert.equal(await ann.inputValue("#text"), "");
  await bob.fill("#text", "   hi   ");
  await bob.click("#send");
  await Promise.all([ann, bob].map((page) => page.waitForLine("received", "hi")));
  for (const page of [ann, bob]) assert.deepEqual(await page.lines("received"), ["Ann:   hello Bob", "hi"]);
  await bob.click("#disconnect");
  await bob.waitForState("closed");
  await ann.shot("chat");
  await ann.done();
  await bob.done();
});

test("/echo.html: echoes with their time, heartbeats counted each second", async () => {
  const page = await open("/echo.html");
  await page.waitForState("open");
  await page.fill("#text", "Hello ∑");
  await page.press("#text", "Control+Enter");
  await page.waitForLine("received", "Hello ∑");
  await page.setChecked("#binary", true);
  await page.click("#send");
  await page.locator("#log li.received .note", { hasText: "binary, 9 bytes" }).waitFor();
  await page.waitForFunction(() => Number(document.querySelector("#beats").value) >= 3);
  assert.match(await page.textContent("#interval"), /the last after (0\.[5-9]|1\.)\d* s/);
  assert.equal((await page.lines("received")).includes("heartbeat"), false);
  await page.setChecked("#showbeats", true);
  await page.waitForLine("received", "heartbeat");
  await page.shot("echo");
  await page.done();
});

test("/push.html: logs in, and a push over HTTP arrives", async () => {
  const page = await open(`/push.html?api=${gateway.apiAddress}&uid=alice`);
  await page.click("#connect");
  await page.waitForState("open");
  await page.waitForFunction(() => document.querySelector("#log li.sent"));
  await until(async () => (await gateway.post("/v1/online", { uids: ["alice"] })).body.online.alice === 1);
  const url = await page.getAttribute("#sendurl", "href");
  assert.equal(url, `${gateway.api}/send?uid=alice&message=Hello%20World`);
  assert.equal((await fetch(url)).status, 200);
  await page.waitForLine("received", "Hello World");
  const receipt = await gateway.post("/v1/push", { uid: "alice", data: { n: 1 } });
  assert.equal(receipt.status, 200);
  assert.equal(receipt.body.matched, 1);
  await page.waitForLine("received", '{"n":1}');
  assert.deepEqual(await page.lines("sent"), ['{"uid":"alice"}']);
  assert.deepEqual(await page.lines("received"), ["Hello World", '{"n":1}']);
  await page.shot("push");
  await page.click("#disconnect");
  await page.waitForState("closed");
  await until(async () => (await gateway.post("/v1/online", { uids: ["alice"] })).body.offline.includes("alice"));
  await page.done();
});

test("/push.html with dunlin.js: channels, and what was missed after a kick is recovered", async () => {
  const page = await open(`/push.html?live&api=${gateway.apiAddress}&uid=bob`);
  assert.equal(await page.locator("h1").textContent(), "Push: /live");
  await page.fill("#channels", "news-push-page");
  await page.click("#connect");
  await page.waitForLine("event", "subscribed to news-push-page");
  const publish = (n) => gateway.post("/v1/push", { channel: "news-push-page", data: { n } });
  await publish(1);
  await page.waitForLine("received", '{"n":1}');
  await page.context().setOffline(true);  // New connections fail; the old one is cut by the kick.
  assert.equal((await gateway.delete("/v1/users/bob?code=4200&reason=again")).status, 200);
  await page.waitForState("waiting");
  for (const n of [2, 3, 4]) await publish(n);
  await page.context().setOffline(false);
  await page.waitForLine("received", '{"n":4}');
  assert.deepEqual(await page.lines("received"), [1, 2, 3, 4].map((n) => `{"n":${n}}`));
  await page.waitForLine("event", ", recovered");
  await page.shot("push-protocol");
  assert.equal((await gateway.delete("/v1/users/bob?code=4000&reason=enough")).status, 200);
  await page.waitForState("closed");
  await page.waitForLine("event", "closed: 4000 “enough”");
  await page.context().close();  // The attempts made while offline stand in the console, rightly.
});

test("/context.html: gzip is decoded, plain text is shown, a second connection closes the first", async () => {
  const [first, plain] = await Promise.all([
    open(`/context.html?specialKey=A&api=${gateway.apiAddress}`), open("/context.html?specialKey=B")]);
  await plain.uncheck("#gzip");
  await Promise.all([first.click("#connect"), plain.click("#connect")]);
  await Promise.all([first.waitForState("open"), plain.waitForState("open")]);
  const text = "to everyone, ".repeat(50);
  await gateway.post("/v1/push", { channel: "context", text });
  await first.locator("#log li.received .note", { hasText: /gzip, \d+ bytes for 650/ }).waitFor();
  await plain.locator("#log li.received .note", { hasText: "text" }).waitFor();
  assert.deepEqual([await first.lines("received"), await plain.lines("received")], [[text], [text]]);

  const second = await open("/context.html?specialKey=A");
  await second.click("#connect");
  await second.waitForState("open");
  await first.waitForState("closed");
  assert.match((await first.lines("event")).at(-1), /^closed: 40\d\d/);
  assert.equal(await plain.getAttribute("#state", "data-state"), "open");
  await first.shot("context");
  for (const page of [first, plain, second]) await page.done();
});

for (const [name, options] of [["dark", { colorScheme: "dark" }],
  ["phone", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }]]) {
  test(`${name}: no page is wider than its screen, every control has a name`, async () => {
    for (const path of ["/", "/longconnecthtml", "/chat.html", "/echo.html", "/push.html", "/context.html"]) {
      const page = await open(path, options);
      await page.waitForLoadState("load");
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${path} is ${overflow} pixels too wide`);
      const nameless = await page.evaluate(() => [...document.querySelectorAll("input, textarea, button, a[href]")]
        .filter((one) => !(one.labels?.length || one.textContent.trim() || one.getAttribute("aria-label")))
        .map((one) => one.outerHTML));
      assert.deepEqual(nameless, [], path);
      assert.equal(await page.locator("h1").count(), 1);
      await page.shot(`${name}-${path === "/" ? "index" : path.slice(1).replace(".html", "")}`);
      await page.done();
    }
  });
}

test("the pages are served with their policy, a type and an etag", async () => {
  for (const path of ["/", "/dunlin.js", "/style.css", "/favicon.svg"]) {
    const response = await fetch(gateway.public + path);
    assert.equal(response.status, 200, path);
    assert.match(response.headers.get("content-type"), /^(text\/(html|javascript|css); charset=utf-8|image\/svg\+xml)$/);
    assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none'/, path);
  }
});

// Asks again until it is so: the gateway tells nobody when a login has been taken.
async function until(condition) {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("never came true");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
