// A push hub on Node and the ws library, as a good tutorial writes it: one process, a Map from uid
// to its sockets, a second port for the backend. A yardstick for dunlin-bench, not part of Dunlin.
//
//   public    /ws           push: the first message is {"uid":"123"}
//             /room?name=X  whoever is connected gets what is published to X
//             /echo         sends back what it gets
//   internal  POST /push {"uid","text"}, /broadcast {"text"}, /channel {"channel","text"};
//             the answer says how many sockets it was sent to: {"sent":1}
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const { createRequire } = require("node:module");
const path = require("node:path");
const { parseArgs } = require("node:util");

// The version that the tests' lock file names; installed by deploy/setup.sh.
const { WebSocket, WebSocketServer } = createRequire(path.join(__dirname, "../../../tests/package.json"))("ws");

const usage = `hub.js [--listen HOST:PORT] [--api HOST:PORT] [--ready-file FILE] [--deflate]
  --listen      WebSocket address; port 0, the default: any
  --api         push address
  --ready-file  written when it accepts: {"pid":1,"public":"H:P","api":"H:P"}
  --deflate     agrees to permessage-deflate, and compresses every message for each client`;

class Index {
  #sockets = new Map(); // By name: a Set.

  add(name, socket) {
    if (!this.#sockets.has(name)) this.#sockets.set(name, new Set());
    this.#sockets.get(name).add(socket);
    socket.on("close", () => this.#remove(name, socket));
  }

  #remove(name, socket) {
    const sockets = this.#sockets.get(name);
    sockets.delete(socket);
    if (sockets.size === 0) this.#sockets.delete(name);
  }

  get(name) {
    return this.#sockets.get(name) ?? [];
  }
}

const users = new Index();
const rooms = new Index();
const everybody = new Set();

function logIn(socket, message) {
  const { uid } = JSON.parse(message);
  if (typeof uid !== "string") throw new Error("no uid");
  users.add(uid, socket);
}

function accept(socket, request) {
  socket.on("error", () => socket.terminate());
  const url = new URL(request.url, "http://localhost");
  if (url.pathname === "/echo") {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    return;
  }
  everybody.add(socket);
  socket.on("close", () => everybody.delete(socket));
  if (url.pathname === "/room") {
    rooms.add(url.searchParams.get("name"), socket);
    return;
  }
  socket.once("message", (data) => {
    try {
      logIn(socket, data);
    } catch {
      socket.close(1008, "the first message must be a login");
    }
  });
}

function sendTo(sockets, text) {
  let sent = 0;
  for (const socket of sockets) {
    if (socket.readyState !== WebSocket.OPEN) continue;
    socket.send(text);
    sent += 1;
  }
  return { sent };
}

const routes = {
  "/push": ({ uid, text }) => sendTo(users.get(uid), text),
  "/broadcast": ({ text }) => sendTo(everybody, text),
  "/channel": ({ channel, text }) => sendTo(rooms.get(channel), text),
};

function answer(response, status, value) {
  const body = JSON.stringify(value);
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

function handle(request, response) {
  const route = routes[request.url];
  if (request.method !== "POST" || !route) {
    answer(response, 404, { error: "no such route" });
    return;
  }
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    let message;
    try {
      message = JSON.parse(Buffer.concat(chunks).toString());
    } catch (error) {
      answer(response, 400, { error: error.message });
      return;
    }
    answer(response, 200, route(message));
  });
}

function listen(server, address) {
  const at = address.lastIndexOf(":");
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address.slice(0, at), port: Number(address.slice(at + 1)), backlog: 4096 }, () => {
      const { address: host, port } = server.address();
      resolve(`${host}:${port}`);
    });
  });
}

// Whole or not at all: whoever waits for the file never reads half of it.
function writeReadyFile(file, addresses) {
  fs.writeFileSync(`${file}.tmp`, `${JSON.stringify({ pid: process.pid, ...addresses })}\n`);
  fs.renameSync(`${file}.tmp`, file);
}

async function main() {
  const { values } = parseArgs({
    options: {
      listen: { type: "string", default: "127.0.0.1:0" },
      api: { type: "string", default: "127.0.0.1:0" },
      "ready-file": { type: "string" },
      deflate: { type: "boolean", default: false },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const publicServer = http.createServer();
  const perMessageDeflate = values.deflate && { threshold: 0 };
  new WebSocketServer({ server: publicServer, perMessageDeflate }).on("connection", accept);
  const apiServer = http.createServer({ keepAliveTimeout: 60_000 }, handle);
  const addresses = {
    public: await listen(publicServer, values.listen),
    api: await listen(apiServer, values.api),
  };
  if (values["ready-file"]) writeReadyFile(values["ready-file"], addresses);
  else console.log(JSON.stringify({ pid: process.pid, ...addresses }));
}

main().catch((error) => {
  console.error(`hub.js: ${error.message}`);
  process.exitCode = 1;
});
