// Tokens made by jose: the secret is the argument, keys are made here. What must pass, and what must not.

import * as jose from "jose";

const secret = new TextEncoder().encode(process.argv[2]);
const now = Math.floor(Date.now() / 1000);
const names = ["RS256", "ES256", "EdDSA"];
const pair = (name) => jose.generateKeyPair(name, { extractable: true });

const sign = (header, key, claims, end = now + 600) => {
  const token = new jose.SignJWT({ sub: "user_ava", ...claims }).setProtectedHeader(header);
  return (end === null ? token : token.setExpirationTime(end)).sign(key);
};

const good = {
  plain: {},
  full: {
    iss: "https://id.example/", aud: ["dashboard", "app"], iat: now, nbf: now - 5, jti: "0b1c",
    email: "ava@example.com", email_verified: true, displayName: "Åva ☃",
  },
  nested: { app_metadata: { groups: ["a", "b"], sub: "x" } },
};

async function tokens(name, key, kids) {
  const made = { good: {}, bad: {} };
  for (const kid of kids) {
    const named = kid === null ? { alg: name } : { alg: name, kid };
    for (const [what, more] of Object.entries({ plain: {}, typed: { typ: "at+jwt" }, more: { foo: [1] } })) {
      for (const [which, claims] of Object.entries(good)) {
        made.good[`${name}, ${kid}, ${what}, ${which}`] = await sign({ ...named, ...more }, key, claims);
      }
    }
    made.good[`${name}, ${kid}, just in time`] = await sign(named, key, { nbf: now + 5 }, now - 5);
    made.bad[`${name}, ${kid}, expired`] = await sign(named, key, {}, now - 120);
    made.bad[`${name}, ${kid}, not yet valid`] = await sign(named, key, { nbf: now + 300 });
    made.bad[`${name}, ${kid}, endless`] = await sign(named, key, {}, null);
    made.bad[`${name}, ${kid}, nobody`] = await sign(named, key, { sub: undefined });
    const critical = new jose.SignJWT({ sub: "user_ava" }).setExpirationTime(now + 600);
    critical.setProtectedHeader({ ...named, crit: ["foo"], foo: 1 });
    made.bad[`${name}, ${kid}, critical`] = await critical.sign(key, { crit: { foo: true } });
  }
  return made;
}

const keys = [];
const made = { HS256: await tokens("HS256", secret, ["any", null]) };
for (const name of ["HS384", "HS512"]) {
  const padded = new Uint8Array(64);
  padded.set(secret.subarray(0, 64));
  made.HS256.bad[name] = await sign({ alg: name }, padded, {});
}
made.HS256.bad.unsigned = new jose.UnsecuredJWT({ sub: "user_ava" }).setExpirationTime(now + 600).encode();
for (const name of names) {
  const { privateKey, publicKey } = await pair(name);
  keys.push({ ...(await jose.exportJWK(publicKey)), kid: `key-${name}`, alg: name, use: "sig" });
  made[name] = await tokens(name, privateKey, [`key-${name}`, null]);
  const other = await pair(name);
  const header = { alg: name, kid: `key-${name}` };
  made[name].bad[`${name}, another's key`] = await sign(header, other.privateKey, {});
  const jwk = await jose.exportJWK(other.publicKey);
  made[name].bad[`${name}, another's key, brought along`] = await sign({ ...header, jwk }, other.privateKey, {});
}
console.log(JSON.stringify({ keys, tokens: made }));
