// The browser client of Dunlin, subprotocol dunlin.v1. An ES module without dependencies.
//
//   import { Dunlin } from "/dunlin.js";
//   const client = new Dunlin("wss://push.example.org/live", { token: async () => (await fetch("/token")).text() });
//   client.on("push", (push) => console.log(push.data ?? push.text ?? push.binary));
//   client.on("state", ({ state, code, reason, delay }) => …);  // connecting open waiting closed
//   client.connect();
//   const { epoch, offset } = await client.subscribe("news", (push) => …);
//
// The connection comes back by itself (see delayAfter), logs in again and resumes every
// subscription from the last publication that was handled: what was missed is delivered first, in
// order. Where the gateway no longer has all of it, the event "subscribed" says recovered:false.
//
// Who the user is: `token`, a JWT or a function that gives one (or a promise of one). A function is asked at each
// attempt, and again shortly before the token expires, so that the connection outlives it. Where the gateway trusts
// its clients (auth = "none"), `login: { uid: "123456" }` does.
//
// A push is {message, channel?, offset?, data | text | binary}; binary is a Uint8Array. It is
// acknowledged once its handlers have returned, or their promises are fulfilled; never if one fails.

export const PROTOCOL = "dunlin.v1";

// What the gateway answered to a request, or "connection_lost", "timeout", "closed".
export class DunlinError extends Error {
  constructor(code, message) {
    super(message || code);
    this.name = "DunlinError";
    this.code = code;
  }
}

const DEFAULTS = {
  token: null,            // Text, or function returning one (or a promise).
  login: null,            // In place of a token. Object, or function returning one (or a promise): {"uid": …}.
  acks: true,             // Acknowledge pushes.
  delayMin: 500,          // Milliseconds; doubles with each attempt that fails…
  delayMax: 30_000,       // …up to this; the delay used is random between half of it and all of it.
  delayLater: 10_000,     // Least delay after a close code 4100–4199.
  stableAfter: 5_000,     // A connection that lived this long resets the delay.
  connectTimeout: 10_000, // From the attempt to the end of the login.
  requestTimeout: 10_000,
  pingInterval: 25_000,   // A request after this much silence, since browsers hide protocol pings; 0: none.
  WebSocket: globalThis.WebSocket,  // For tests and for Node.
};

export class Dunlin {
  #url; #options; #socket = null; #connection = null; #state = "closed"; #wanted = false;
  #listeners = new Map();      // event → Set of functions
  #subscriptions = new Map();  // channel → {handler, epoch, offset}
  #requests = new Map();       // id → {resolve, reject, timer}
  #nextId = 1; #attempt = 0; #openedAt = 0; #noticeDelay = null;
  #timer = null; #connectTimer = null; #pingTimer = null; #heardAt = 0;
  #wakeUp = () => { if (this.#state === "waiting") this.#open(); };

  constructor(url, options = {}) {
    this.#url = url;
    this.#options = { ...DEFAULTS, ...options };
  }

  get state() { return this.#state; }
  get connection() { return this.#connection; }  // The gateway's id for this connection, or null.

  // Events: "state", "push" (every push), "subscribed" {channel, epoch, offset, recovered},
  // "unsubscribed" {channel} (a fresh token does not allow it any more),
  // "missed" {count}, "reconnect" {delay}, "token" {expiresIn} or {refreshed}, "error" DunlinError. Returns a function that removes it.
  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
    return () => this.#listeners.get(event).delete(listener);
  }

  connect() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#attempt = 0;
    globalThis.addEventListener?.("online", this.#wakeUp);
    this.#open();
  }

  // Closes and stays closed; a second call does nothing.
  close(code = 1000, reason = "") {
    if (!this.#wanted) return;
    const socket = this.#socket;
    this.#stop({ code, reason });
    socket?.close(code, reason);
  }

  // Resolves with {epoch, offset, recovered} when the gateway has answered; the subscription
  // then outlives reconnects. `recover` ({epoch, offset}, from position()) resumes an older one.
  subscribe(channel, handler = () => {}, { recover } = {}) {
    if (this.#subscriptions.has(channel)) return Promise.reject(new DunlinError("subscribed", `already subscribed to ${channel}`));
    const subscription = { handler, epoch: recover?.epoch, offset: recover?.offset };
    this.#subscriptions.set(channel, subscription);
    const promise = new Promise((resolve, reject) => { subscription.first = { resolve, reject }; });
    subscription.first.promise = promise;
    if (this.#state === "open") this.#resume(channel, subscription);
    return promise;
  }

  async unsubscribe(channel) {
    const subscription = this.#subscriptions.get(channel);
    if (!subscription) return;
    this.#subscriptions.delete(channel);
    subscription.first?.reject(new DunlinError("unsubscribed"));
    if (this.#state === "open") await this.#request("unsubscribe", { channel });
  }

  // Where a subscription stands; to be kept and given to subscribe() after a page is loaded again.
  position(channel) {
    const { epoch, offset } = this.#subscriptions.get(channel) ?? {};
    return epoch === undefined ? null : { epoch, offset };
  }

  // A round trip through the gateway.
  ping() { return this.#request("ping", {}); }

  // --- one connection -------------------------------------------------------------------------

  #open() {
    clearTimeout(this.#timer);
    this.#noticeDelay = null;
    this.#openedAt = 0;
    this.#setState("connecting", {});
    const socket = new this.#options.WebSocket(this.#url, PROTOCOL);
    this.#socket = socket;
    this.#connectTimer = setTimeout(() => this.#lost(socket, 1006, "connect timeout"), this.#options.connectTimeout);
    socket.onopen = () => this.#login(socket);
    socket.onmessage = ({ data }) => { if (socket === this.#socket) this.#receive(data); };
    socket.onclose = ({ code, reason }) => this.#lost(socket, code, reason);
    socket.onerror = () => {};  // A close event always follows.
  }

  async #login(socket) {
    try {
      const credentials = await this.#credentials();
      if (socket !== this.#socket) return;
      if (credentials) this.#connection = (await this.#request("login", credentials)).connection;
      if (socket !== this.#socket) return;
    } catch (error) {
      if (socket !== this.#socket) return;
      this.#emit("error", error);
      const retry = !(error instanceof DunlinError) || error.code === "timeout" ||
        (error.code === "token_expired" && this.#renewable);
      if (retry) return this.#lost(socket, 1006, "login failed");
      this.#stop({ code: 4000, reason: error.code });  // The gateway said no: the same again would not help.
      return socket.close();
    }
    clearTimeout(this.#connectTimer);
    this.#openedAt = this.#heardAt = Date.now();
    this.#setState("open", { connection: this.#connection });
    this.#watch(socket);
    for (const [channel, subscription] of this.#subscriptions) this.#resume(channel, subscription);
  }

  get #renewable() { return typeof this.#options.token === "function"; }

  async #credentials() {
    const { token, login } = this.#options;
    if (token !== null) return { token: this.#renewable ? await token() : token };
    return typeof login === "function" ? login() : login;
  }

  // In time, if all goes well. If not, the connection ends with its token, and the next attempt asks again.
  async #refresh(socket) {
    try {
      const credentials = await this.#credentials();
      if (socket !== this.#socket) return;
      const { expires_in_ms: refreshed } = await this.#request("refresh", credentials);
      this.#emit("token", { refreshed });
    } catch (error) {
      if (socket === this.#socket) this.#emit("error", error);
    }
  }

  // Once per connection, however it ended. The socket is forgotten first: a close that hangs in the
  // browser must not hold up the next attempt.
  #lost(socket, code, reason) {
    if (socket !== this.#socket) return;
    this.#release(new DunlinError("connection_lost", `connection lost (${code})`));
    try { socket.close(); } catch { /* It was never open. */ }
    if (this.#openedAt && Date.now() - this.#openedAt >= this.#options.stableAfter) this.#attempt = 0;
    // 4004: not with this token. A function gives another one.
    const because = code === 4004 && this.#renewable ? 1006 : code;
    const delay = delayAfter(because, this.#attempt++, this.#noticeDelay, this.#options);
    if (delay === null) return this.#stop({ code, reason });
    this.#timer = setTimeout(() => this.#open(), delay);
    this.#setState("waiting", { code, reason, delay });
  }

  #stop(detail) {
    this.#wanted = false;
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.("online", this.#wakeUp);
    this.#release(new DunlinError("closed", "the client is closed"));
    for (const [channel, { first }] of [...this.#subscriptions]) {
      if (!first) continue;
      this.#subscriptions.delete(channel);
      first.promise.catch(() => {});  // Closing is no error to whoever did not await it.
      first.reject(new DunlinError("closed", "the client is closed"));
    }
    this.#setState("closed", detail);
  }

  #release(error) {
    this.#socket = this.#connection = null;
    clearTimeout(this.#connectTimer);
    clearInterval(this.#pingTimer);
    const requests = [...this.#requests.values()];
    this.#requests.clear();
    for (const { reject, timer } of requests) { clearTimeout(timer); reject(error); }
  }

  #watch(socket) {
    const { pingInterval } = this.#options;
    if (!pingInterval) return;
    this.#pingTimer = setInterval(() => {
      if (Date.now() - this.#heardAt < pingInterval) return;
      this.ping().catch((error) => { if (error.code === "timeout") this.#lost(socket, 1006, "no answer"); });
    }, pingInterval);
  }

  // --- messages -------------------------------------------------------------------------------

  #send(message) { this.#socket.send(JSON.stringify(message)); }

  #request(kind, body) {
    if (this.#socket?.readyState !== 1) return Promise.reject(new DunlinError("connection_lost", "not connected"));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#requests.delete(id);
        reject(new DunlinError("timeout", `no answer to ${kind}`));
      }, this.#options.requestTimeout);
      this.#requests.set(id, { resolve, reject, timer, kind });
      this.#send({ id, [kind]: body });
    });
  }

  #receive(text) {
    this.#heardAt = Date.now();
    let message;
    try { message = JSON.parse(text); } catch { return this.#emit("error", new DunlinError("bad_message", "not JSON")); }
    if (message.push) return void this.#deliver(message.push);
    if (message.missed) return this.#emit("missed", message.missed);
    if (message.token) {
      this.#emit("token", { expiresIn: message.token.expires_in_ms });
      return this.#renewable ? void this.#refresh(this.#socket) : undefined;
    }
    if (message.unsubscribe && message.id === undefined) {
      this.#subscriptions.delete(message.unsubscribe.channel);
      return this.#emit("unsubscribed", message.unsubscribe);
    }
    if (message.reconnect) {
      this.#noticeDelay = message.reconnect.delay_ms;
      return this.#emit("reconnect", { delay: this.#noticeDelay });
    }
    const request = this.#requests.get(message.id);
    if (request) {
      this.#requests.delete(message.id);
      clearTimeout(request.timer);
      // The subscription's position must be set before the publications that follow are read.
      if (request.kind in message) { request.answered?.(message[request.kind]); request.resolve(message[request.kind]); }
      else request.reject(new DunlinError(message.error?.code ?? "bad_message", message.error?.message));
    } else if (message.error) {
      this.#emit("error", new DunlinError(message.error.code, message.error.message));
    }
  }

  #resume(channel, subscription) {
    const { epoch, offset } = subscription;
    const body = epoch === undefined ? { channel } : { channel, recover: { epoch, offset } };
    const answer = this.#request("subscribe", body);
    this.#requests.get(this.#nextId - 1).answered = (result) => {
      // Recovered: our own offset stays, the missed publications move it on one by one.
      if (!result.recovered) subscription.offset = result.offset;
      subscription.epoch = result.epoch;
    };
    answer.then((result) => {
      this.#emit("subscribed", { channel, ...result });
      subscription.first?.resolve(result);
      subscription.first = null;
    }, (error) => {
      if (error.code === "connection_lost" || error.code === "closed") return;  // Resumed, or rejected, later.
      if (this.#subscriptions.get(channel) === subscription) this.#subscriptions.delete(channel);
      if (subscription.first) subscription.first.reject(error);
      else this.#emit("error", error);
    });
  }

  async #deliver(push) {
    const socket = this.#socket;
    const subscription = this.#subscriptions.get(push.channel);
    if (subscription && push.offset !== undefined) {
      if (push.offset <= subscription.offset) return this.#acknowledge(socket, push);  // Sent twice.
      subscription.offset = push.offset;
    }
    if ("binary" in push) push = { ...push, binary: Uint8Array.from(atob(push.binary), (c) => c.charCodeAt(0)) };
    try {
      const results = [subscription?.handler(push), ...this.#emit("push", push)];
      if (results.some((result) => result?.then)) await Promise.all(results);
    } catch (error) {
      return this.#emit("error", error);  // Not acknowledged.
    }
    this.#acknowledge(socket, push);
  }

  #acknowledge(socket, push) {
    if (this.#options.acks && socket === this.#socket && socket?.readyState === 1) this.#send({ ack: push.message });
  }

  #emit(event, detail) { return [...(this.#listeners.get(event) ?? [])].map((listener) => listener(detail)); }

  #setState(state, detail) {
    this.#state = state;
    this.#emit("state", { state, ...detail });
  }
}

// Milliseconds to wait after a connection ended with `code` and `attempt` attempts went wrong in a
// row; null: never again. `notice` is what the gateway asked for before it closed, or null.
export function delayAfter(code, attempt, notice, options = DEFAULTS, random = Math.random) {
  if (code >= 4000 && code <= 4099) return null;
  if ((code === 1001 || code === 1012) && notice !== null) return notice;  // Spread by the gateway.
  const ceiling = Math.min(options.delayMax, options.delayMin * 2 ** Math.min(attempt, 20));
  const jittered = ceiling / 2 + random() * ceiling / 2;
  if (code >= 4100 && code <= 4199) return Math.max(jittered, options.delayLater * (1 + random() / 2));
  if (code >= 4200 && code <= 4299 && attempt === 0) return 0;  // Once; a server that insists is not hammered.
  return jittered;
}
