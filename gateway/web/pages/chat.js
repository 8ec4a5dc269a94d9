// The chat room: what one sends comes to all, the sender too.
import { byId, PlainConnection, socketUrl } from "/page.js";

const text = byId("text");
const connection = new PlainConnection({
  url: () => socketUrl("/chat"),
  message: (data) => connection.log.received(data),
});

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (text.value.trim() === "") return;
  const name = byId("name").value.trim();
  if (connection.send(name ? `${name}: ${text.value}` : text.value, { quiet: true })) text.value = "";
  text.focus();
});
connection.connect();
