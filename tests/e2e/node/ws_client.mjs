// The npm package `ws` as a process: commands as JSON lines on standard input, events as JSON lines
// on standard output. Ends with its input.
import { createInterface } from "node:readline";
import WebSocket from "ws";

const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
let socket;

function open({ url, protocols, options }) {
  socket = new WebSocket(url, protocols, options);
  socket.on("open", () => say({ open: { protocol: socket.protocol, extensions: socket.extensions } }));
  socket.on("message", (data, isBinary) =>
    say({ message: isBinary ? { binary: data.toString("base64") } : data.toString("utf8") }));
  socket.on("pong", (data) => say({ pong: data.toString("base64") }));
  socket.on("close", (code, reason) => say({ close: { code, reason: reason.toString("utf8") } }));
  socket.on("unexpected-response", (_request, response) => say({ refused: { status: response.statusCode } }));
  socket.on("error", (error) => say({ error: error.message }));
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const command = JSON.parse(line);
  if (command.open) open(command.open);
  if ("send" in command) socket.send(command.send);
  if ("binary" in command) socket.send(Buffer.from(command.binary, "base64"));
  if (command.ping) socket.ping("hello");
  if (command.close) socket.close(command.close);
}).on("close", () => process.exit(0));
