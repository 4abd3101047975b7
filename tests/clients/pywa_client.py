"""Uses the simulator with pywa, a client that somebody else wrote against the real Cloud API.

    python tests/clients/pywa_client.py http://127.0.0.1:8090

The defaults fit `cargo run -p simulator --example serve`. Exits 0 if everything was answered as pywa expects it, 1 if
not.
"""

import argparse
import json
import re
import sys
import urllib.request

from pywa import WhatsApp, errors, types
from pywa.types.templates import (
    BodyText,
    Buttons,
    QuickReplyButton,
    Template,
    TemplateCategory,
    TemplateLanguage,
)

DAY_MS = 24 * 3600 * 1000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--phone-number-id", default="200300400500601")
    parser.add_argument("--waba-id", default="100200300400501")
    parser.add_argument("--token", default="example-token")
    return parser.parse_args()


class Control:
    """The simulator's own interface: what people do with their phones."""

    def __init__(self, url, phone_number_id):
        self.base = f"{url}/simulator/api"
        self.number = phone_number_id

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data=data, method=method, headers={"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            text = response.read()
            return json.loads(text) if text else None

    def person(self, **person):
        """Adds somebody, or finds the one who is there from an earlier run."""
        for known in self.call("GET", "/state")["contacts"]:
            if known["name"] == person["name"]:
                return known["id"]
        return self.call("POST", "/contacts", person)["id"]

    def says(self, person, text):
        path = f"/talks/{self.number}/{person}/messages"
        return self.call("POST", path, {"type": "text", "body": text})["wamid"]

    def talk(self, person):
        return self.call("GET", f"/talks/{self.number}/{person}")

    def user_id(self, person):
        """The business-scoped user id, as the newest webhook about the person has it."""
        for entry in self.call("GET", "/log?limit=200"):
            if entry["contact"] == person and "from_user_id" in entry["payload"]:
                return entry["payload"]["from_user_id"]
        raise AssertionError("no webhook about this person")


def check(name, holds):
    print(("ok   " if holds else "FAIL ") + name)
    if not holds:
        raise AssertionError(name)


def messages(wa, control, ana):
    inbound = control.says(ana, "Oi")
    sent = wa.send_message("+5511999990001", "Olá, Ana", tracker="msg:1")
    check("a text is answered with a wamid", re.fullmatch(r"wamid\.[A-Za-z0-9+/]+=*", sent.id))
    check("the answer names the recipient", sent.to == "5511999990001")

    buttons = [types.Button(title="Sim", callback_data="sim"), types.Button(title="Não", callback_data="nao")]
    menu = wa.send_message("+5511999990001", "Reservo?", footer="Loja Aurora", buttons=buttons)
    turn = control.talk(ana)["turns"][-1]
    check("buttons arrive on the phone", turn["wamid"] == menu.id
          and [b["reply"]["id"] for b in turn["content"]["interactive"]["action"]["buttons"]] == ["sim", "nao"])

    rows = [types.SectionRow(title="Financeiro", callback_data="fin", description="Boletos")]
    setores = types.SectionList(button_title="Setores", sections=[types.Section(title="Todos", rows=rows)])
    wa.send_message("+5511999990001", "Qual setor?", buttons=setores)
    check("a list arrives", control.talk(ana)["turns"][-1]["content"]["interactive"]["type"] == "list")

    wa.send_reaction("+5511999990001", "👍", inbound)
    given = [turn["reaction"] for turn in control.talk(ana)["turns"] if turn["wamid"] == inbound]
    check("a reaction sticks to its message", given == ["👍"])
    wa.send_reaction("+5511999990001", "", inbound)
    given = [turn["reaction"] for turn in control.talk(ana)["turns"] if turn["wamid"] == inbound]
    check("an empty emoji takes it back", given == [None])

    check("reading is answered with success", wa.mark_message_as_read(inbound))
    check("typing is answered with success", wa.indicate_typing(inbound))
    wa.send_location("+5511999990001", latitude=-8.05, longitude=-34.9, name="Recife", address="Boa Viagem")
    check("a place arrives", control.talk(ana)["turns"][-1]["content"]["location"]["name"] == "Recife")


def identities(wa, control, carlos, bia):
    control.says(carlos, "Bom dia")
    sent = wa.send_message("+5531999990002", "Olá, Carlos")
    check("from area code 31 on the answer lacks the ninth digit", sent.to == "553199990002")
    control.says(bia, "Oi")
    user_id = control.user_id(bia)
    sent = wa.send_message(user_id, "Olá, Bia")
    check("a user id is answered with a user id", sent.to == user_id)


def files(wa, control, ana):
    media = wa.upload_media(b"%PDF-1.7 nota", mime_type="application/pdf", filename="nota.pdf")
    check("media ids are digits", re.fullmatch(r"\d{1,32}", media.id))
    wa.send_document("+5511999990001", media.id, filename="nota.pdf", caption="Nota")
    turn = control.talk(ana)["turns"][-1]
    check("a document arrives", turn["content"]["document"]["filename"] == "nota.pdf")
    address = wa.get_media_url(media.id)
    check("the address says type and size", address.mime_type == "application/pdf" and int(address.file_size) == 13)
    check("the file comes back", wa.get_media_bytes(address.url) == b"%PDF-1.7 nota")
    try:
        wa.upload_media(b"<svg/>", mime_type="image/svg+xml", filename="a.svg")
    except errors.WhatsAppError as error:
        check("a type that Meta does not take is 131053", error.code == 131053)
    else:
        check("a type that Meta does not take is 131053", False)


def templates(wa, control):
    name = "pedido_confirmado"
    known = {template.name: template for template in wa.get_templates()}
    body = BodyText("Olá {{1}}, seu pedido {{2}} foi confirmado.", "Ana", "4821")
    if name not in known:
        components = [body, Buttons(buttons=[QuickReplyButton(text="Falar com a equipe")])]
        language = TemplateLanguage.PORTUGUESE_BR
        template = Template(name=name, language=language, category=TemplateCategory.UTILITY, components=components)
        created = wa.create_template(template)
        check("a new template is pending", str(created.status.value).upper() == "PENDING")
        control.call("PUT", f"/templates/{created.id}/decision", {"event": "APPROVED"})
    number, language = "+5521988887777", TemplateLanguage.PORTUGUESE_BR
    sent = wa.send_template(number, name, language, [body.params("Ana", "4821")])
    check("a template opens a chat", sent.id.startswith("wamid."))
    check("the answer tells the message's state", str(getattr(sent.status, "value", sent.status)) == "accepted")
    other = BodyText("Olá {{1}}", "Ana")
    try:
        wa.send_template(number, name, language, [other.params("Ana")])
    except errors.WhatsAppError as error:
        check("a missing variable is 132000", error.code == 132000)
    else:
        check("a missing variable is 132000", False)


def refusals(wa, control, url, phone_number_id):
    control.call("POST", "/clock", {"advance_ms": DAY_MS})
    try:
        wa.send_message("+5511999990001", "Ainda está aí?")
    except errors.ReEngagementMessage as error:
        check("a closed window is ReEngagementMessage", error.code == 131047)
    else:
        check("a closed window is ReEngagementMessage", False)
    stranger = WhatsApp(phone_id=phone_number_id, token="wrong")
    stranger.api._session.base_url = f"{url}/v26.0"
    try:
        stranger.send_message("+5511999990001", "Olá")
    except errors.WhatsAppError as error:
        check("a wrong token is 190", error.code == 190)
    else:
        check("a wrong token is 190", False)


def main():
    given = arguments()
    url = given.url.rstrip("/")
    control = Control(url, given.phone_number_id)
    wa = WhatsApp(phone_id=given.phone_number_id, token=given.token, waba_id=given.waba_id)
    wa.api._session.base_url = f"{url}/v26.0"
    ana = control.person(name="Ana Souza", phone="+55 11 99999-0001")
    carlos = control.person(name="Carlos Lima", phone="+55 31 99999-0002")
    bia = control.person(name="Bia Ferraz", username="bia.ferraz")
    try:
        messages(wa, control, ana)
        identities(wa, control, carlos, bia)
        files(wa, control, ana)
        templates(wa, control)
        refusals(wa, control, url, given.phone_number_id)
    except AssertionError:
        return 1
    print("pywa and the simulator understand each other")
    return 0


if __name__ == "__main__":
    sys.exit(main())
