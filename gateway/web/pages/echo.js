// The echo page: round-trip time of each echo, and the heartbeats counted.
import { byId, PlainConnection, socketUrl } from "/page.js";

const text = byId("text");
let beats = 0;
let lastBeat = 0;
let sentAt = [];  // Of the messages whose echo is still to come, in order.

function beat() {
  beats += 1;
  byId("beats").value = beats;
  const now = performance.now();
  if (lastBeat) byId("interval").textContent = `, the last after ${((now - lastBeat) / 1000).toFixed(2)} s`;
  lastBeat = now;
  const heart = byId("heart");
  heart.classList.remove("beat");
  void heart.offsetWidth;  // Restarts the animation.
  heart.classList.add("beat");
  if (byId("showbeats").checked) connection.log.received("heartbeat");
}

const connection = new PlainConnection({
  url: () => socketUrl("/echo"),
  opened: () => { lastBeat = 0; sentAt = []; },
  message: (data) => {
    if (data === "heartbeat") return beat();
    const note = sentAt.length ? `${(performance.now() - sentAt.shift()).toFixed(1)} ms` : "";
    if (typeof data === "string") return connection.log.received(data, note);
    connection.log.received(new TextDecoder().decode(data), `binary, ${data.byteLength} bytes, ${note}`);
  },
});

function send() {
  const binary = byId("binary").checked;
  const message = binary ? new TextEncoder().encode(text.value) : text.value;
  if (connection.send(message, { quiet: true })) {
    sentAt.push(performance.now());
    connection.log.sent(text.value, binary ? `binary, ${message.byteLength} bytes` : "");
  }
  text.focus();
}

byId("form").addEventListener("submit", (event) => { event.preventDefault(); send(); });
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  event.preventDefault();
  send();
});
connection.connect();
