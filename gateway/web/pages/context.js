// The page of /context: one connection for each key, payloads gzipped on request.
import { apiField, apiUrl, byId, PlainConnection, quoted, showCommand, socketUrl } from "/page.js";

async function gunzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

let decoding = Promise.resolve();  // Decoding takes turns: the console keeps the order of arrival.

const connection = new PlainConnection({
  url: () => {
    const query = new URLSearchParams({ specialKey: byId("key").value });
    if (byId("gzip").checked) query.set("support_gzip", "1");
    return socketUrl(`/context?${query}`);
  },
  message: (data) => {
    decoding = decoding.then(async () => {
      if (typeof data === "string") return connection.log.received(data, "text");
      try {
        const text = await gunzip(data);
        connection.log.received(text, `gzip, ${data.byteLength} bytes for ${new TextEncoder().encode(text).length}`);
      } catch (error) {
        connection.log.problem(`${data.byteLength} bytes that are not gzip: ${error.message}`);
      }
    });
  },
});

function showLine() {
  const body = { channel: "context", text: "Hello, hello, hello, everyone" };
  showCommand(byId("broadcast"),
    `curl ${apiUrl()}/v1/push -d ${quoted(JSON.stringify(body))}`);
}

byId("form").addEventListener("submit", (event) => { event.preventDefault(); connection.connect(); });
apiField(byId("api"), showLine);
const key = new URLSearchParams(location.search).get("specialKey");
if (key) byId("key").value = key;
showLine();
