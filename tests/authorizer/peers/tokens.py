"""Tokens made by PyJWT: the secret is the argument, keys are made here. What must pass, and what must not."""

import json
import sys
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

secret = sys.argv[1]
now = int(time.time())
claims = {"sub": "user_ava", "exp": now + 600}
good = {
    "plain": claims,
    "full": {
        **claims,
        "iss": "https://id.example/",
        "aud": ["dashboard", "app"],
        "iat": now,
        "nbf": now - 5,
        "jti": "0b1c",
        "email": "ava@example.com",
        "email_verified": True,
        "displayName": "Åva ☃",
    },
    "fractions": {**claims, "exp": now + 600.25, "iat": now + 0.5},
    "nested": {**claims, "app_metadata": {"groups": ["a", "b"], "sub": "x"}},
    "just in time": {**claims, "exp": now - 5, "nbf": now + 5},
}
bad = {
    "expired": {**claims, "exp": now - 120},
    "not yet valid": {**claims, "nbf": now + 300},
    "endless": {"sub": "user_ava"},
    "nobody": {"exp": now + 600},
}
headers = {"plain": {}, "typed": {"typ": "at+jwt"}, "untyped": {"typ": None}, "more": {"foo": {"a": 1}}}
pairs = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
others = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def jwk(name, pair):
    algorithm = jwt.get_algorithm_by_name(name)
    return {**json.loads(algorithm.to_jwk(pair.public_key())), "kid": "key-" + name, "alg": name}


def tokens(name, key, kids):
    made = {"good": {}, "bad": {}}
    for kid in kids:
        named = {} if kid is None else {"kid": kid}
        for what, header in headers.items():
            for which, payload in good.items():
                token = jwt.encode(payload, key, name, {**named, **header})
                made["good"][f"{name}, {kid}, {what}, {which}"] = token
        for which, payload in bad.items():
            made["bad"][f"{name}, {kid}, {which}"] = jwt.encode(payload, key, name, named)
    return made


made = {name: tokens(name, pair, ["key-" + name, None]) for name, pair in pairs.items()}
for name, pair in others.items():
    made[name]["bad"][f"{name}, another's key"] = jwt.encode(claims, pair, name, {"kid": "key-" + name})
made["HS256"] = tokens("HS256", secret, ["any", None])
for name in ("HS384", "HS512"):
    made["HS256"]["bad"][name] = jwt.encode(claims, secret, name)
made["HS256"]["bad"]["another secret"] = jwt.encode(claims, secret + "!", "HS256")
made["HS256"]["bad"]["unsigned"] = jwt.encode(claims, None, "none")
for name in ("RS384", "PS256"):
    made["RS256"]["bad"][name] = jwt.encode(claims, pairs["RS256"], name, {"kid": "key-RS256"})
print(json.dumps({"keys": [jwk(name, pair) for name, pair in pairs.items()], "tokens": made}))
