"""Write N signed webhook bodies, one a line: signature, tab, JSON.

usage: make_bodies.py N CONTACTS OUT [--secret S] [--phone-number-id ID] [--waba ID] [--seed N]

CONTACTS is how many people the messages come from, chosen at random; with 0 every message comes from a new one.
"""

import argparse
import hashlib
import hmac
import json
import random
import time

WORDS = (
    "oi bom dia preciso de ajuda com minha reserva internet caiu boleto segunda via obrigado "
    "tudo certo qual o valor do plano quero falar com atendente"
).split()


def body(arguments, number, contact, text):
    """The JSON that Meta posts for one text message."""
    phone = f"5511{90000000 + contact:09d}"
    message = {
        "from": phone,
        "id": f"wamid.{arguments.seed:04d}{number:010d}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": text},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "5511400028922", "phone_number_id": arguments.phone_number_id},
        "contacts": [{"profile": {"name": f"Cliente {contact}"}, "wa_id": phone}],
        "messages": [message],
    }
    change = {"field": "messages", "value": value}
    entry = {"id": arguments.waba, "changes": [change]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}, separators=(",", ":"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("n", type=int)
    parser.add_argument("contacts", type=int)
    parser.add_argument("out")
    parser.add_argument("--secret", default="bench-app-secret")
    parser.add_argument("--phone-number-id", default="106540352242922")
    parser.add_argument("--waba", default="102290129340398")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    chance = random.Random(arguments.seed)
    with open(arguments.out, "w", encoding="utf-8") as out:
        for number in range(arguments.n):
            contact = chance.randrange(arguments.contacts) if arguments.contacts else number
            text = " ".join(chance.choices(WORDS, k=chance.randint(3, 20)))
            signed = body(arguments, number, contact, text)
            signature = hmac.new(arguments.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
            out.write(f"sha256={signature}\t{signed}\n")


if __name__ == "__main__":
    main()
