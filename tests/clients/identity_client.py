"""Log in as programs of others would: codes by pyotp, access tokens read and forged by PyJWT.

Arguments: the address, an e-mail address, its password, the secret that signs access tokens, milliseconds since 1970
on the server's clock. Prints what did not hold and fails then.
"""

import json
import sys
import urllib.error
import urllib.request

import jwt
import pyotp

ADDRESS, EMAIL, PASSWORD, SECRET, NOW = sys.argv[1:6]
NOW = int(NOW) // 1000


def call(path, body=None, token=None, method=None):
    """The status and the body of an answer."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{ADDRESS}/api/v1{path}", data=data, method=method)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: {found!r} instead of {wanted!r}")


def log_in():
    status, answer = call("/auth/login", {"email": EMAIL, "password": PASSWORD})
    expect("log-in", status, 200)
    return answer


def read(token, **changes):
    options = {"algorithms": ["HS256"], "audience": "zelo", "issuer": "zelo"}
    check = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "nbf", "iss", "aud", "sub", "sid"]}
    return jwt.decode(token, SECRET, options=check, **options, **changes)


# PyJWT reads what we sign.
access = log_in()["access_token"]
claims, header = read(access), jwt.get_unverified_header(access)
expect("header", (header["typ"], header["alg"], "kid" in header), ("at+jwt", "HS256", True))
expect("life", claims["exp"] - claims["iat"], 600)
expect("genuine", call("/auth/me", token=access)[0], 200)

# What PyJWT signs opens nothing but what we would sign ourselves.
expect("signed again", call("/auth/me", token=jwt.encode(claims, SECRET, "HS256", headers=header))[0], 200)
forged = 0
for algorithm, key in [("HS384", SECRET), ("HS512", SECRET), ("HS256", "x" * 32), ("none", None)]:
    expect(algorithm, call("/auth/me", token=jwt.encode(claims, key, algorithm, headers={**header, "alg": algorithm}))[0], 401)
    forged += 1
for name, value in [("exp", claims["iat"] - 1), ("nbf", claims["exp"]), ("iss", "other"), ("aud", ["zelo", "other"])]:
    expect(name, call("/auth/me", token=jwt.encode({**claims, name: value}, SECRET, "HS256", headers=header))[0], 401)
    forged += 1
for name in ["exp", "nbf", "iss", "aud", "sub", "sid"]:
    less = {key: value for key, value in claims.items() if key != name}
    expect(f"no {name}", call("/auth/me", token=jwt.encode(less, SECRET, "HS256", headers=header))[0], 401)
    forged += 1
for changes in [{"typ": "JWT"}, {"kid": "other"}, {"jku": "https://example.com"}]:
    expect(str(changes), call("/auth/me", token=jwt.encode(claims, SECRET, "HS256", headers={**header, **changes}))[0], 401)
    forged += 1

# pyotp shows the codes that we take.
status, begun = call("/auth/mfa/enable", token=access, method="POST")
expect("enable", status, 200)
app = pyotp.parse_uri(begun["otpauth_url"])
expect("the address and the secret", (app.secret, app.issuer, app.name), (begun["secret"], "Zelo", EMAIL))
status, confirmed = call("/auth/mfa/confirm", {"code": app.at(NOW)}, access)
expect("confirm", (status, len(confirmed.get("backup_codes", []))), (200, 10))
for away, wanted in [(0, 401), (60, 401), (-60, 401)]:
    challenge = log_in()["mfa_token"]
    expect(f"{away} s", call("/auth/login/mfa-verify", {"mfa_token": challenge, "code": app.at(NOW + away)})[0], wanted)
challenge = log_in()["mfa_token"]
status, tokens = call("/auth/login/mfa-verify", {"mfa_token": challenge, "code": confirmed["backup_codes"][4]})
expect("backup code", (status, tokens["token_type"]), (200, "bearer"))
print(f"{forged} forged tokens refused")
