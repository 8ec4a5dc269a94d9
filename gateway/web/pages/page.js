// What the test pages share: the console of what came and went, the connection's state, a plain
// WebSocket behind connect and disconnect buttons, and command lines with a copy button.

export const byId = (id) => document.getElementById(id);

// The URL of `path` on the host that served this page.
export function socketUrl(path) {
  const url = new URL(path, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

// Where the internal API is, HOST:PORT or a URL: ?api= (the gateway prints such an address when its API is
// not at the default one, or speaks TLS), else what this site's pages were told last, else the default.
export function apiField(input, changed) {
  const keep = () => {
    try { sessionStorage.setItem("dunlin.api", input.value); } catch { /* Storage may be switched off. */ }
  };
  let kept = null;
  try { kept = sessionStorage.getItem("dunlin.api"); } catch { /* As above. */ }
  const told = new URLSearchParams(location.search).get("api");
  input.value = told || kept || "127.0.0.1:8081";
  if (told) keep();  // For the other pages, which the links name without it.
  input.addEventListener("input", () => {
    keep();
    changed();
  });
}

// The same as a URL: plain HTTP unless it says otherwise.
export function apiUrl(input = byId("api")) {
  const typed = input.value.trim().replace(/\/+$/, "");
  return /^https?:\/\//.test(typed) ? typed : `http://${typed}`;
}

// A word for a POSIX shell.
export const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const clock = (date) => `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, "0")}`;

// The console: an <ol role="log">, newest line last, bounded.
export class Console {
  constructor(list, { linesMax = 500 } = {}) {
    this.list = list;
    this.linesMax = linesMax;
  }

  sent(text, note) { this.#add("sent", "→", "sent", text, note); }
  received(text, note) { this.#add("received", "←", "received", text, note); }
  event(text) { this.#add("event", "·", "", text); }
  problem(text) { this.#add("event bad", "!", "problem", text); }
  clear() { this.list.replaceChildren(); }

  #add(kind, sign, label, text, note) {
    const { list } = this;
    const following = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const line = document.createElement("li");
    line.className = kind;
    const now = new Date();
    const time = document.createElement("time");
    time.dateTime = now.toISOString();
    time.textContent = clock(now);
    const direction = document.createElement("span");
    direction.className = "direction";
    direction.textContent = sign;
    direction.setAttribute("aria-hidden", "true");
    const what = document.createElement("span");
    what.className = "what";
    if (label) {
      const spoken = document.createElement("span");
      spoken.className = "hidden-label";
      spoken.textContent = `${label}: `;
      what.append(spoken);
    }
    const body = document.createElement("span");
    body.className = "text";
    body.textContent = text;
    what.append(body);
    if (note) {
      const aside = document.createElement("span");
      aside.className = "note";
      aside.textContent = `  ${note}`;
      what.append(aside);
    }
    line.append(time, direction, what);
    list.append(line);
    while (list.childElementCount > this.linesMax) list.firstElementChild.remove();
    if (following) list.scrollTop = list.scrollHeight;
  }
}

export function showState(element, state, text = state) {
  element.dataset.state = state;
  element.textContent = text;
}

const CLOSE_CODES = {
  1000: "normal", 1001: "going away", 1002: "protocol error", 1003: "unsupported data", 1005: "no code",
  1006: "lost", 1007: "not UTF-8", 1008: "policy", 1009: "message too big", 1011: "server error",
  1012: "service restart", 1013: "try again later",
};

export function closeText(code, reason) {
  const meaning = CLOSE_CODES[code] ? ` (${CLOSE_CODES[code]})` : "";
  return `closed: ${code}${meaning}${reason ? ` “${reason}”` : ""}`;
}

// A WebSocket with the page's controls: #connect, #disconnect, #state, #log, #clear and every
// element with data-needs="open" (disabled unless connected). `url` is a function, read at each
// connect. Closing twice is harmless.
export class PlainConnection {
  constructor({ url, opened = () => {}, message, log = new Console(byId("log")) }) {
    Object.assign(this, { url, opened, message, log });
    this.socket = null;
    byId("connect").addEventListener("click", () => this.connect());
    byId("disconnect").addEventListener("click", () => this.disconnect());
    byId("clear").addEventListener("click", () => this.log.clear());
    this.#show("closed", "not connected");
  }

  connect() {
    if (this.socket) return;
    const url = this.url();
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.#show("connecting");
    this.log.event(`connecting to ${url}`);
    socket.onopen = () => {
      this.#show("open", "connected");
      this.log.event("connected");
      this.opened();
    };
    socket.onmessage = ({ data }) => this.message(data);
    socket.onclose = ({ code, reason, wasClean }) => {
      if (this.socket === socket) this.socket = null;
      this.#show("closed", closeText(code, reason));
      this.log[wasClean ? "event" : "problem"](closeText(code, reason));
    };
  }

  disconnect() { this.socket?.close(1000); }

  // False, and a line in the console, when there is no connection.
  send(text, { quiet = false } = {}) {
    if (this.socket?.readyState !== WebSocket.OPEN) {
      this.log.problem("not sent: not connected");
      return false;
    }
    this.socket.send(text);
    if (!quiet) this.log.sent(text);
    return true;
  }

  #show(state, text) {
    showState(byId("state"), state, text);
    byId("connect").disabled = state !== "closed";
    byId("disconnect").disabled = state === "closed";
    for (const element of document.querySelectorAll("[data-needs=open]")) element.disabled = state !== "open";
  }
}

// Fills <div class="command" id=…> with a command line and a button that copies it.
export function showCommand(element, command) {
  let pre = element.querySelector("pre");
  if (!pre) {
    pre = document.createElement("pre");
    element.append(pre);
    if (navigator.clipboard) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(pre.textContent);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
      element.append(button);
    }
  }
  pre.textContent = command;
  const hint = byId("certificatehint");
  if (hint) hint.hidden = ![...document.querySelectorAll(".command pre")].some((one) => /^curl .*https:/.test(one.textContent));
}
