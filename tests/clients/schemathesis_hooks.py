"""Who schemathesis is while it tries the API: the owners of two tenants and the platform's owner, with real tokens.

    SCHEMATHESIS_HOOKS=schemathesis_hooks ZELO_API=http://127.0.0.1:8080/api/v1 ZELO_LOGINS='{"platform": …}' \
        schemathesis run http://127.0.0.1:8080/openapi.json

`ZELO_LOGINS` is `{"platform": [email, password], "tenants": [[email, password], …], "leaving": [email, password]}`.
"""

import json
import os
import threading
import urllib.request

import schemathesis

API = os.environ["ZELO_API"]
LOGINS = json.loads(os.environ["ZELO_LOGINS"])
# Operations that end the session that they are called with, or all of a person's: somebody else's, a new one each time.
LEAVING = ("/auth/logout", "/auth/sessions", "/auth/password", "/auth/mfa")
PLATFORM = ("/tenants", "/admin")

tokens = {}
lock = threading.Lock()
turn = 0


def log_in(email, password):
    body = json.dumps({"email": email, "password": password}).encode()
    request = urllib.request.Request(f"{API}/auth/login", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["access_token"]


def token_for(path):
    global turn
    if path.startswith(LEAVING):
        return log_in(*LOGINS["leaving"])
    with lock:
        turn += 1
        login = LOGINS["platform"] if path.startswith(PLATFORM) else LOGINS["tenants"][turn % len(LOGINS["tenants"])]
        email = login[0]
        if email not in tokens:
            tokens[email] = log_in(*login)
        return tokens[email]


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case, context):
        return token_for(case.operation.path)

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"
