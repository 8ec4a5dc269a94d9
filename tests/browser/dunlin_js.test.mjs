// The browser client against a server that follows a script: every close code, recovery, duplicates,
// acknowledgements and time-outs. In Node, with the package `ws` as its WebSocket; the pages' tests
// run the same file in Chromium against the real gateway.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import WebSocket, { WebSocketServer } from "ws";

// By its text: Node 18 takes a .js file outside a package for CommonJS.
const source = readFileSync(new URL("../../gateway/web/pages/dunlin.js", import.meta.url), "utf8");
const { Dunlin, DunlinError, delayAfter } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

let server, url, connections, clients;

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  url = `ws://127.0.0.1:${server.address().port}/live`;
  connections = [];
  clients = [];
  const waiting = [];
  server.on("connection", (socket) => {
    const queue = [], readers = [];
    socket.on("message", (data) => { const m = JSON.parse(data); readers.length ? readers.shift()(m) : queue.push(m); });
    const connection = {
      socket,
      receive: () => (queue.length ? Promise.resolve(queue.shift()) : new Promise((resolve) => readers.push(resolve))),
      pending: () => queue.length,
      send: (message) => socket.send(JSON.stringify(message)),
      async login() {
        const { id, login } = await this.receive();
        this.send({ id, login: { uid: login.uid, connection: "c1" } });
        return this;
      },
    };
    waiting.length ? waiting.shift()(connection) : connections.push(connection);
  });
  server.next = () => (connections.length ? Promise.resolve(connections.shift()) : new Promise((resolve) => waiting.push(resolve)));
});

afterEach(async () => {
  for (const client of clients) client.close();
  for (const socket of server.clients) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
});

function client(options = {}) {
  const one = new Dunlin(url, { WebSocket, login: { uid: "u1" }, delayMin: 5, delayMax: 40, delayLater: 60, stableAfter: 50, ...options });
  one.states = [];
  one.seen = (event) => new Promise((resolve) => { const off = one.on(event, (detail) => { off(); resolve(detail); }); });
  one.reached = (state) => (one.state === state ? Promise.resolve() :
    new Promise((resolve) => { const off = one.on("state", (s) => { if (s.state === state) { off(); resolve(s); } }); }));
  one.on("state", (state) => one.states.push(state));
  clients.push(one);
  return one;
}

test("delays by close code", () => {
  const options = { delayMin: 500, delayMax: 30_000, delayLater: 10_000 };
  const delay = (code, attempt = 0, notice = null, random = 0.5) => delayAfter(code, attempt, notice, options, () => random);
  for (const code of [4000, 4001, 4050, 4099]) assert.equal(delay(code), null, code);
  for (const code of [4100, 4199]) { assert.ok(delay(code, 0, null, 0) >= 10_000); assert.ok(delay(code, 0, null, 1) <= 15_000); }
  for (const code of [4200, 4299]) { assert.equal(delay(code), 0); assert.ok(delay(code, 3) >= 2000, "insisting is not hammering"); }
  for (const code of [1001, 1012]) { assert.equal(delay(code, 0, 1234), 1234); assert.equal(delay(code, 0, 0), 0); }
  assert.notEqual(delay(1006, 0, 1234), 1234);
  for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4300, 3000]) {
    assert.equal(delay(code, 0, null, 0), 250, code);
    assert.equal(delay(code, 0, null, 1), 500, code);
    assert.equal(delay(code, 4, null, 1), 8000, code);
    assert.equal(delay(code, 1000, null, 1), 30_000, code);
  }
});

test("login, subscribe, push, acknowledge", async () => {
  const one = client();
  one.connect();
  one.connect();  // Harmless.
  const got = [];
  const subscribed = one.subscribe("news", (push) => got.push(push.data));
  const connection = await server.next();
  assert.equal(connection.socket.protocol, "dunlin.v1");
  const { id, login } = await connection.receive();
  assert.deepEqual(login, { uid: "u1" });
  assert.equal(one.state, "connecting");
  connection.send({ id, login: { uid: "u1", connection: "c7" } });
  const request = await connection.receive();
  assert.deepEqual(request.subscribe, { channel: "news" });
  assert.equal(one.connection, "c7");
  connection.send({ id: request.id, subscribe: { channel: "news", epoch: "x", offset: 3, recovered: false } });
  connection.send({ push: { message: "m4", channel: "news", offset: 4, data: { n: 4 } } });
  assert.deepEqual(await subscribed, { channel: "news", epoch: "x", offset: 3, recovered: false });
  assert.deepEqual(await connection.receive(), { ack: "m4" });
  assert.deepEqual(got, [{ n: 4 }]);
  assert.deepEqual(one.position("news"), { epoch: "x", offset: 4 });
  await assert.rejects(one.subscribe("news"), { code: "subscribed" });

  const done = one.unsubscribe("news");
  const { id: last, unsubscribe } = await connection.receive();
  connection.send({ id: last, unsubscribe });
  await done;
  assert.equal(one.position("news"), null);
});

test("payload forms", async () => {
  const one = client();
  const pushes = [];
  one.on("push", (push) => pushes.push(push));
  one.connect();
  const connection = await (await server.next()).login();
  connection.send({ push: { message: "1", text: "é" } });
  connection.send({ push: { message: "2", binary: "AP8=" } });
  connection.send({ push: { message: "3", data: null } });
  for (const ack of ["1", "2", "3"]) assert.deepEqual(await connection.receive(), { ack });
  assert.equal(pushes[0].text, "é");
  assert.deepEqual(pushes[1].binary, new Uint8Array([0, 255]));
  assert.equal(pushes[2].data, null);
});

test("a handler that fails, or whose promise does, acknowledges nothing", async () => {
  const one = client();
  const errors = [];
  one.on("error", (error) => errors.push(error.message));
  let release;
  one.on("push", ({ data }) => {
    if (data === "throw") throw new Error("thrown");
    if (data === "reject") return Promise.reject(new Error("rejected"));
    if (data === "later") return new Promise((resolve) => { release = resolve; });
  });
  one.connect();
  const connection = await (await server.next()).login();
  for (const data of ["throw", "reject", "later", "good"]) connection.send({ push: { message: data, data } });
  assert.deepEqual(await connection.receive(), { ack: "good" });
  release();
  assert.deepEqual(await connection.receive(), { ack: "later" });
  assert.deepEqual(errors, ["thrown", "rejected"]);
});

test("what was missed is recovered in order, duplicates are dropped", async () => {
  const one = client();
  const got = [];
  one.connect();
  one.subscribe("news", ({ offset }) => got.push(offset));
  let connection = await (await server.next()).login();
  let request = await connection.receive();
  connection.send({ id: request.id, subscribe: { channel: "news", epoch: "x", offset: 0, recovered: false } });
  connection.send({ push: { message: "m1", channel: "news", offset: 1, data: 1 } });
  await connection.receive();
  connection.socket.terminate();

  connection = await (await server.next()).login();
  request = await connection.receive();
  assert.deepEqual(request.subscribe, { channel: "news", recover: { epoch: "x", offset: 1 } });
  const subscribed = one.seen("subscribed");
  connection.send({ id: request.id, subscribe: { channel: "news", epoch: "x", offset: 3, recovered: true } });
  for (const offset of [1, 2, 3, 3, 4]) connection.send({ push: { message: `m${offset}`, channel: "news", offset, data: offset } });
  assert.equal((await subscribed).recovered, true);
  for (let n = 0; n < 5; n++) await connection.receive();  // Duplicates are acknowledged too.
  assert.deepEqual(got, [1, 2, 3, 4]);
  connection.socket.terminate();

  connection = await (await server.next()).login();
  request = await connection.receive();
  assert.deepEqual(request.subscribe.recover, { epoch: "x", offset: 4 });
  connection.send({ id: request.id, subscribe: { channel: "news", epoch: "y", offset: 70, recovered: false } });
  connection.send({ push: { message: "m71", channel: "news", offset: 71, data: 71 } });
  await connection.receive();
  assert.deepEqual(one.position("news"), { epoch: "y", offset: 71 });
});

test("a position kept from an earlier page resumes", async () => {
  const one = client();
  one.connect();
  one.subscribe("news", () => {}, { recover: { epoch: "x", offset: 9 } });
  const connection = await (await server.next()).login();
  assert.deepEqual((await connection.receive()).subscribe, { channel: "news", recover: { epoch: "x", offset: 9 } });
});

test("4000 to 4099 end it for good", async () => {
  const one = client();
  one.connect();
  const pending = one.subscribe("never", () => {});
  pending.catch(() => {});
  const connection = await (await server.next()).login();
  await connection.receive();
  connection.socket.close(4001, "replaced");
  await one.reached("closed");
  const last = one.states.at(-1);
  assert.deepEqual([last.code, last.reason], [4001, "replaced"]);
  await assert.rejects(pending, { code: "closed" });
  assert.equal(one.states.filter(({ state }) => state === "connecting").length, 1);
});

test("4200 to 4299 reconnect at once, 4100 to 4199 after a while", async () => {
  const one = client();
  one.connect();
  let connection = await (await server.next()).login();
  await one.reached("open");
  connection.socket.close(4200, "rebalanced");
  connection = await (await server.next()).login();
  await one.reached("open");
  assert.deepEqual(one.states.filter(({ state }) => state === "waiting").map(({ code, delay }) => [code, delay]), [[4200, 0]]);
  connection.socket.close(4100);
  await (await server.next()).login();
  const { code, delay } = one.states.filter(({ state }) => state === "waiting").at(-1);
  assert.equal(code, 4100);
  assert.ok(delay >= 60);
});

test("the reconnect notice's delay holds for 1001 and 1012, once", async () => {
  const one = client();
  one.connect();
  let connection = await (await server.next()).login();
  connection.send({ reconnect: { delay_ms: 77 } });
  connection.socket.close(1012, "drain");
  connection = await (await server.next()).login();
  assert.equal(one.states.find(({ state }) => state === "waiting").delay, 77);
  connection.socket.close(1012, "drain");
  await server.next();
  assert.ok(one.states.filter(({ state }) => state === "waiting").at(-1).delay <= 40);
});

test("attempts that fail are spaced further and further apart", async () => {
  const one = client({ delayMin: 4, delayMax: 1000 });
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  one.connect();
  const ceilings = [];
  while (ceilings.length < 6) {
    const { delay } = await one.reached("waiting");
    ceilings.push(delay);
    await one.reached("connecting");
  }
  ceilings.forEach((delay, n) => assert.ok(delay >= 2 * 2 ** n && delay <= 4 * 2 ** n, ceilings));
  one.close();
  server = new WebSocketServer({ port, host: "127.0.0.1" });  // For afterEach to close.
  await once(server, "listening");
});

test("a login that is refused is not repeated", async () => {
  const one = client({ login: async () => ({ token: "old" }) });
  const error = one.seen("error");
  one.connect();
  const connection = await server.next();
  const { id, login } = await connection.receive();
  assert.deepEqual(login, { token: "old" });
  connection.send({ id, error: { code: "bad_token", message: "expired" } });
  assert.equal((await error).code, "bad_token");
  await one.reached("closed");
});

test("a token is the login, and a fresh one follows the notice", async () => {
  let asked = 0;
  const one = client({ login: undefined, token: async () => `t${++asked}` });
  const refreshed = new Promise((resolve) => one.on("token", (event) => event.refreshed && resolve(event)));
  one.connect();
  const connection = await server.next();
  const { id, login } = await connection.receive();
  assert.deepEqual(login, { token: "t1" });
  connection.send({ id, login: { uid: "u", connection: "c", expires_in_ms: 60_000 } });
  await one.reached("open");
  connection.send({ token: { expires_in_ms: 15_000 } });
  const request = await connection.receive();
  assert.deepEqual(request.refresh, { token: "t2" });
  connection.send({ id: request.id, refresh: { expires_in_ms: 60_000 } });
  assert.deepEqual(await refreshed, { refreshed: 60_000 });
  assert.equal(one.state, "open");
});

test("a refresh that is refused, and one whose token cannot be had, are errors and end nothing", async () => {
  let asked = 0;
  const one = client({ token: () => { if (++asked === 2) throw new Error("no network"); return `t${asked}`; } });
  one.connect();
  const connection = await server.next();
  const { id } = await connection.receive();
  connection.send({ id, login: { uid: "u", connection: "c" } });
  await one.reached("open");
  let error = one.seen("error");
  connection.send({ token: { expires_in_ms: 9 } });
  assert.equal((await error).message, "no network");
  error = one.seen("error");
  connection.send({ token: { expires_in_ms: 9 } });
  const request = await connection.receive();
  connection.send({ id: request.id, error: { code: "token_other_uid", message: "no" } });
  assert.equal((await error).code, "token_other_uid");
  assert.equal(one.state, "open");
});

test("with a function, an expired token means another attempt with another token", async () => {
  let asked = 0;
  const one = client({ token: () => `t${++asked}` });
  one.connect();
  let connection = await server.next();
  let request = await connection.receive();
  connection.send({ id: request.id, error: { code: "token_expired", message: "old" } });  // A cached one.
  connection.socket.close(4003, "token_expired");
  connection = await server.next();
  request = await connection.receive();
  assert.equal(request.login.token, "t2");
  connection.send({ id: request.id, login: { uid: "u", connection: "c" } });
  await one.reached("open");
  connection.socket.close(4004, "token_expired");
  request = await (await server.next()).receive();
  assert.equal(request.login.token, "t3");
});

test("a token that is a text is used until the gateway has enough of it", async () => {
  const one = client({ token: "t" });
  const told = one.seen("token");
  one.connect();
  const connection = await server.next();
  const { id, login } = await connection.receive();
  assert.deepEqual(login, { token: "t" });
  connection.send({ id, login: { uid: "u", connection: "c" } });
  await one.reached("open");
  connection.send({ token: { expires_in_ms: 7 } });
  assert.deepEqual(await told, { expiresIn: 7 });
  connection.socket.close(4004, "token_expired");
  await one.reached("closed");
  assert.equal(one.states.at(-1).code, 4004);
});

test("other refusals of a token are final", async () => {
  const one = client({ token: async () => "t" });
  const error = one.seen("error");
  one.connect();
  const connection = await server.next();
  const { id } = await connection.receive();
  connection.send({ id, error: { code: "token_signature", message: "no" } });
  assert.equal((await error).code, "token_signature");
  await one.reached("closed");
});

test("the login function is asked again at each attempt", async () => {
  let asked = 0;
  const one = client({ login: () => ({ token: `t${++asked}` }) });
  one.connect();
  for (const token of ["t1", "t2"]) {
    const connection = await server.next();
    const { id, login } = await connection.receive();
    assert.equal(login.token, token);
    connection.send({ id, login: { uid: "u", connection: "c" } });
    await one.reached("open");
    connection.socket.terminate();
  }
});

test("errors of a subscription reach its caller, later ones the event", async () => {
  const one = client();
  one.connect();
  const refused = one.subscribe("secret");
  const connection = await (await server.next()).login();
  const { id } = await connection.receive();
  connection.send({ id, error: { code: "channel_forbidden", message: "no" } });
  await assert.rejects(refused, (error) => error instanceof DunlinError && error.code === "channel_forbidden");
  assert.equal(one.position("secret"), null);
});

test("a subscription that the gateway ends is an event, and is not resumed", async () => {
  const one = client();
  one.connect();
  one.subscribe("news");
  let connection = await (await server.next()).login();
  const request = await connection.receive();
  connection.send({ id: request.id, subscribe: { channel: "news", epoch: "x", offset: 3 } });
  const ended = one.seen("unsubscribed");
  connection.send({ unsubscribe: { channel: "news" } });
  assert.deepEqual(await ended, { channel: "news" });
  assert.equal(one.position("news"), null);
  connection.socket.terminate();
  connection = await (await server.next()).login();
  const again = one.subscribe("news");
  const fresh = await connection.receive();
  assert.deepEqual(fresh.subscribe, { channel: "news" });
  connection.send({ id: fresh.id, subscribe: { channel: "news", epoch: "x", offset: 4 } });
  assert.equal((await again).offset, 4);
});

test("missed and reconnect notices, and rubbish, are events", async () => {
  const one = client();
  one.connect();
  const connection = await (await server.next()).login();
  await one.reached("open");
  const [missed, reconnect, error] = [one.seen("missed"), one.seen("reconnect"), one.seen("error")];
  connection.send({ missed: { count: 3 } });
  connection.send({ reconnect: { delay_ms: 5 } });
  connection.socket.send("{");
  assert.deepEqual([await missed, await reconnect, (await error).code], [{ count: 3 }, { delay: 5 }, "bad_message"]);
  connection.send({ id: 999, unheard: {} });
  connection.send({ unheard: {} });
  const ping = one.ping();
  const { id } = await connection.receive();
  connection.send({ id, ping: {} });
  await ping;
});

test("silence is asked about, and a dead connection is given up", async () => {
  const one = client({ pingInterval: 20, requestTimeout: 30 });
  one.connect();
  const connection = await (await server.next()).login();
  assert.deepEqual((await connection.receive()).ping, {});  // Not answered.
  const { code, reason } = await one.reached("waiting");
  assert.deepEqual([code, reason], [1006, "no answer"]);
  await (await server.next()).login();
});

test("a connection attempt that hangs is given up", async () => {
  const one = client({ connectTimeout: 30, requestTimeout: 10_000 });
  one.connect();
  await server.next();  // The login is never answered.
  assert.equal((await one.reached("waiting")).reason, "connect timeout");
});

test("closing: twice is harmless, requests are rejected, nothing comes back", async () => {
  const one = client();
  one.close();
  one.connect();
  const connection = await (await server.next()).login();
  await one.reached("open");
  const ping = one.ping();
  const closed = once(connection.socket, "close");
  one.close(1000, "done");
  one.close();
  await assert.rejects(ping, { code: "closed" });
  const [code, reason] = await closed;
  assert.deepEqual([code, reason.toString()], [1000, "done"]);
  assert.equal(one.states.filter(({ state }) => state === "closed").length, 1);
  one.connect();  // And it can be used again.
  await (await server.next()).login();
  await one.reached("open");
});
