// Command lines with this gateway's own addresses.
import { apiField, apiUrl, byId, quoted, showCommand } from "/page.js";

function show() {
  const api = apiUrl();
  const json = (body) => `-d ${quoted(JSON.stringify(body))}`;
  showCommand(byId("ready"), `curl ${api}/readyz`);
  showCommand(byId("send"), `curl ${quoted(`${api}/send?uid=123456&message=Hello%20World`)}`);
  showCommand(byId("push"), `curl ${api}/v1/push ${json({ uid: "123456", data: { hello: "world" } })}`);
  showCommand(byId("online"), `curl ${api}/v1/online ${json({ uids: ["123456", "77"] })}`);
  showCommand(byId("handshake"),
    `curl -i -N --max-time 5 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' ` +
    `-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' ${location.origin}/echo`);
  showCommand(byId("library"), [
    `import { Dunlin } from "${location.origin}/dunlin.js";`,
    `const client = new Dunlin("${location.origin.replace(/^http/, "ws")}/live", { login: { uid: "123456" } });`,
    `client.on("push", (push) => console.log(push));`,
    `client.connect();`,
    `await client.subscribe("news");`].join("\n"));
}

apiField(byId("api"), show);
show();
