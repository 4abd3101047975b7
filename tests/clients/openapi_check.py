"""Checks what the simulator answers, and what clients sent to it, against Meta's own API description.

    python tests/clients/openapi_check.py http://127.0.0.1:8090 path/to/business-messaging-api_v23.0.yaml

The description is published by Meta in github.com/facebook/openapi and is not part of this repository; without it
the check says "skipped". Run `pywa_client.py` first: its calls are in the simulator's log and are checked, too.

The description is of v23.0 and older than the network: what differs on purpose is listed in KNOWN.
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request

# Where the description is behind the Cloud API, by what is checked and the words of the complaint.
KNOWN = [
    # A text in the description, a number in real answers (chatwoot/chatwoot#9809).
    ("GET media", "is not of type 'string'"),
    # Real connected numbers say CONNECTED.
    ("GET numbers", "'CONNECTED' is not one of"),
    # `recipient`, a business-scoped user id, came in 2026; the description is of 2025.
    ("frame", "'to' is a required property"),
    ("frame", "('recipient' was unexpected)"),
    # pywa writes BODY, and Meta takes it.
    ("content of template", "is not one of ['header', 'body', 'button']"),
    # The description wants texts, and gives numbers as examples.
    ("content of location", "is not of type 'string'"),
    # Only the on-premises API, which is gone, needed the policy of a template's language.
    ("content of template", "'policy' is a required property"),
]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("spec", nargs="?")
    parser.add_argument("--phone-number-id", default="200300400500601")
    parser.add_argument("--waba-id", default="100200300400501")
    parser.add_argument("--token", default="example-token")
    return parser.parse_args()


class Description:
    """Meta's OpenAPI 3.1 document, whose schemas are JSON Schema."""

    def __init__(self, path):
        import yaml
        from referencing import Registry, Resource
        from referencing.jsonschema import DRAFT202012

        with open(path, encoding="utf-8") as file:
            self.document = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        resource = Resource(contents=self.document, specification=DRAFT202012)
        self.registry = Registry().with_resource("urn:meta", resource)

    def complaints(self, pointer, value):
        from jsonschema import Draft202012Validator

        schema = {"$ref": f"urn:meta#{pointer}"}
        errors = Draft202012Validator(schema, registry=self.registry).iter_errors(value)
        return [f"{error.json_path}: {error.message[:200]}" for error in errors]

    def answer(self, path, method, status="200"):
        escaped = path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
        return f"/paths/{escaped}/{method}/responses/{status}/content/application~1json/schema"


class Graph:
    def __init__(self, given):
        self.url = given.url.rstrip("/")
        self.token = given.token

    def call(self, method, path, body=None, token=None, kind="application/json"):
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {token or self.token}", "content-type": kind}
        request = urllib.request.Request(f"{self.url}/v23.0/{path}", data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def log(self):
        with urllib.request.urlopen(f"{self.url}/simulator/api/log?limit=500", timeout=10) as response:
            return json.load(response)


def upload(graph, number):
    boundary = "zelo"
    parts = [
        '--zelo\r\ncontent-disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n',
        '--zelo\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\nOi\r\n',
        "--zelo--\r\n",
    ]
    kind = f"multipart/form-data; boundary={boundary}"
    return graph.call("POST", f"{number}/media", "".join(parts).encode(), kind=kind)


def answers(graph, description, number, account):
    """Name, pointer to the schema and value of every answer to check."""
    ref = description.answer
    template = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+5521977776666", "type": "template", "template": {
        "name": "reserva_confirmada", "language": {"code": "pt_BR"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "1"}]}]}}
    number_path, account_path = "/{Version}/{Phone-Number-ID}", "/{Version}/{WABA-ID}"
    media = upload(graph, number)
    yield "POST messages", ref(f"{number_path}/messages", "post"), graph.call("POST", f"{number}/messages", template)
    yield "POST media", ref(f"{number_path}/media", "post"), media
    yield "GET media", ref("/{Version}/{Media-ID}", "get"), graph.call("GET", media[1]["id"])
    yield "DELETE media", ref("/{Version}/{Media-ID}", "delete"), graph.call("DELETE", media[1]["id"])
    yield "GET number", ref(number_path, "get"), graph.call("GET", number)
    yield "GET templates", ref(f"{account_path}/message_templates", "get"), graph.call("GET", f"{account}/message_templates")
    yield "GET numbers", ref(f"{account_path}/phone_numbers", "get"), graph.call("GET", f"{account}/phone_numbers")
    yield "GET apps", ref(f"{account_path}/subscribed_apps", "get"), graph.call("GET", f"{account}/subscribed_apps")
    refused = "/components/schemas/GraphAPIError"
    yield "no token", refused, graph.call("GET", number, token="wrong")
    yield "unknown object", refused, graph.call("GET", "999")
    text = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+5521977776666", "type": "text", "text": {"body": "Oi"}}
    yield "closed window", refused, graph.call("POST", f"{number}/messages", text)


def requests(graph, description):
    """Every message that a client sent, from the simulator's log: its frame, and what it says.

    The description joins the two with allOf while both forbid further keys, so that no message at all fits the whole.
    """
    schemas = description.document["components"]["schemas"]["Message"]["discriminator"]["mapping"]
    for entry in graph.log():
        body = entry["payload"]
        if not entry["label"].startswith("POST /messages") or not isinstance(body, dict) or "type" not in body:
            continue
        kind = body["type"]
        frame = {key: value for key, value in body.items() if key != kind}
        yield f"frame of {kind}", "/components/schemas/BaseMessageProperties", frame
        yield f"content of {kind}", f"{schemas[kind].lstrip('#')}/allOf/1/properties/{kind}", body[kind]


def known(name, complaint):
    return any(name.startswith(what) and words in complaint for what, words in KNOWN)


def main():
    given = arguments()
    if not given.spec or not os.path.exists(given.spec):
        print("skipped: no path to Meta's API description")
        return 0
    description, graph = Description(given.spec), Graph(given)
    failed = checked = 0
    cases = [(name, pointer, value) for name, pointer, (_, value) in
             answers(graph, description, given.phone_number_id, given.waba_id)]
    for name, pointer, value in cases + list(requests(graph, description)):
        checked += 1
        complaints = [text for text in description.complaints(pointer, value) if not known(name, text)]
        if complaints:
            failed += 1
            print(f"FAIL {name}: {complaints[0]}\n     {json.dumps(value)[:400]}")
        else:
            print(f"ok   {name}")
    print(f"{checked - failed} of {checked} agree with the description")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
