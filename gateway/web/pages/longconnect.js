// The test page of /ping.
import { byId, PlainConnection, socketUrl } from "/page.js";

const text = byId("text");
const connection = new PlainConnection({
  url: () => socketUrl("/ping"),
  message: (data) => connection.log.received(typeof data === "string" ? data : `${data.byteLength} bytes`),
});

function send() {
  if (connection.send(text.value)) text.select();
  text.focus();
}

byId("form").addEventListener("submit", (event) => { event.preventDefault(); send(); });
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  event.preventDefault();
  send();
});
connection.connect();
