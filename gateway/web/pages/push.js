// Pushes to a user, in two ways: at /ws as a plain WebSocket that says {"uid": …} first, and at /live with
// dunlin.js, which also subscribes to channels, reconnects and recovers.
import { Dunlin } from "/dunlin.js";
import { apiField, apiUrl, byId, closeText, Console, quoted, showCommand, showState, socketUrl } from "/page.js";

const log = new Console(byId("log"));
let connection = null;  // {close()}

function shown(state, text) {
  showState(byId("state"), state, text);
  byId("connect").disabled = connection !== null;
  byId("disconnect").disabled = connection === null;
  for (const id of ["uid", "channels", "protocol"]) byId(id).disabled = connection !== null;
}

async function payload(data) {
  if (typeof data === "string") return data;
  return `binary, ${data.byteLength} bytes: ${new TextDecoder().decode(data)}`;
}

function connectPlain(uid) {
  const socket = new WebSocket(socketUrl("/ws"));
  socket.binaryType = "arraybuffer";
  connection = { close: () => socket.close(1000) };
  shown("connecting");
  socket.onopen = () => {
    const login = JSON.stringify({ uid });
    socket.send(login);
    log.sent(login);
    shown("open", `connected as ${uid}`);
  };
  socket.onmessage = async ({ data }) => log.received(await payload(data));
  socket.onclose = ({ code, reason, wasClean }) => {
    connection = null;
    log[wasClean ? "event" : "problem"](closeText(code, reason));
    shown("closed", closeText(code, reason));
  };
}

function connectProtocol(uid, channels) {
  const client = new Dunlin(socketUrl("/live"), { login: { uid } });
  connection = { close: () => client.close() };
  client.on("state", ({ state, code, reason, delay }) => {
    if (state === "open") log.event(`logged in as ${uid}, connection ${client.connection}`);
    if (state === "waiting") log.problem(`${closeText(code, reason)}; again in ${Math.round(delay)} ms`);
    if (state === "closed") {
      log.event(closeText(code, reason));
      connection = null;
    }
    shown(state, { open: `connected as ${uid}`, closed: closeText(code, reason) }[state]);
  });
  client.on("push", ({ channel, offset, data, text, binary, message }) => {
    const body = text ?? (binary ? `binary, ${binary.byteLength} bytes` : JSON.stringify(data));
    log.received(body, channel ? `${channel} #${offset}, message ${message}` : `message ${message}`);
  });
  client.on("subscribed", ({ channel, epoch, offset, recovered }) =>
    log.event(`subscribed to ${channel} at ${epoch}:${offset}${recovered ? ", recovered" : ""}`));
  client.on("missed", ({ count }) => log.problem(`missed ${count} messages`));
  client.on("reconnect", ({ delay }) => log.event(`asked to reconnect in ${delay} ms`));
  client.on("error", (error) => log.problem(`${error.code ?? error.name}: ${error.message}`));
  client.connect();
  for (const channel of channels) client.subscribe(channel).catch((error) => log.problem(`${channel}: ${error.message}`));
}

function channels() { return byId("channels").value.split(",").map((name) => name.trim()).filter(Boolean); }

function showLines() {
  const api = apiUrl();
  const uid = byId("uid").value;
  const message = byId("message").value;
  const url = `${api}/send?uid=${encodeURIComponent(uid)}&message=${encodeURIComponent(message)}`;
  const post = (body) => `curl ${api}/v1/push -d ${quoted(JSON.stringify(body))}`;
  byId("sendurl").href = url;
  showCommand(byId("sendline"), `curl ${quoted(url)}`);
  showCommand(byId("pushline"), post({ uid, text: message }));
  const withChannels = byId("protocol").checked;
  byId("endpoint").textContent = withChannels ? "/live" : "/ws";
  byId("channelfield").hidden = byId("channelline").hidden = !withChannels;
  showCommand(byId("publishline"), post({ channel: channels()[0] ?? "news", data: { text: message } }));
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const uid = byId("uid").value.trim();
  if (connection || uid === "") return;
  if (byId("protocol").checked) connectProtocol(uid, channels());
  else connectPlain(uid);
});
byId("disconnect").addEventListener("click", () => connection?.close());
byId("clear").addEventListener("click", () => log.clear());
for (const id of ["uid", "message", "channels", "protocol"]) byId(id).addEventListener("input", showLines);
apiField(byId("api"), showLines);
const asked = new URLSearchParams(location.search);
if (asked.has("uid")) byId("uid").value = asked.get("uid");
if (asked.has("live")) byId("protocol").checked = true;
showLines();
shown("closed", "not connected");
