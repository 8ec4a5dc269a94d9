// Signs a JWT with Node's own crypto: {"header","claims","key"} as JSON on standard input, the token on
// standard output. `key` is a PEM, or for HS* the secret.
import { createHmac, createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";

const { header, claims, key } = JSON.parse(readFileSync(0, "utf8"));
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const text = `${part(header)}.${part(claims)}`;

function signature() {
  if (header.alg.startsWith("HS")) return createHmac(`sha${header.alg.slice(2)}`, key).update(text).digest();
  const privateKey = createPrivateKey(key);
  if (header.alg === "EdDSA") return sign(null, Buffer.from(text), privateKey);
  return sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" });
}

process.stdout.write(`${text}.${signature().toString("base64url")}`);
