// Uses the simulator with @kapso/whatsapp-cloud-api, a client that somebody else wrote against the real Cloud API, and
// lets it read the webhooks that the simulator posts.
//
//     node tests/clients/kapso_client.cjs http://127.0.0.1:8090
//
// The defaults fit `cargo run -p simulator --example serve`. Exits 0 if everything was as the client expects it.

"use strict";

const http = require("node:http");
const { GraphApiError, WhatsAppClient, buildTemplateSendPayload } = require("@kapso/whatsapp-cloud-api");
const { normalizeWebhook, verifySignature } = require("@kapso/whatsapp-cloud-api/server");

const [url, appSecret = "example-secret"] = process.argv.slice(2);
const phoneNumberId = "200300400500601";
const businessAccountId = "100200300400501";
const ANA = "+5511999990001";
const DAY_MS = 24 * 3600 * 1000;

function check(name, holds) {
  console.log(`${holds ? "ok  " : "FAIL"} ${name}`);
  if (!holds) throw new Error(name);
}

/** The simulator's own interface: what people do with their phones. */
async function control(method, path, body) {
  const options = { method, headers: { "content-type": "application/json" } };
  if (body !== undefined) options.body = JSON.stringify(body);
  const response = await fetch(`${url}/simulator/api${path}`, options);
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

const person = async (given) => (await control("POST", "/contacts", given)).id;
const says = async (who, body) =>
  (await control("POST", `/talks/${phoneNumberId}/${who}/messages`, { type: "text", body })).wamid;
const newest = async (who) => (await control("GET", `/talks/${phoneNumberId}/${who}`)).turns.at(-1);

/** The code of Meta's error that a call ends with, as the client reads it. */
async function refusal(call) {
  try {
    await call;
    return null;
  } catch (error) {
    if (error instanceof GraphApiError) return error;
    throw error;
  }
}

async function messages(client, ana) {
  const wamid = await says(ana, "Oi");
  const to = { phoneNumberId, to: ANA };
  const text = await client.messages.sendText({ ...to, body: "Olá, Ana", previewUrl: false });
  check("a text is answered with a wamid", /^wamid\.[A-Za-z0-9+/]+=*$/.test(text.messages[0].id));
  check("the answer names the recipient", text.contacts[0].waId === "5511999990001");

  const buttons = [{ id: "sim", title: "Sim" }, { id: "nao", title: "Não" }];
  await client.messages.sendInteractiveButtons({ ...to, bodyText: "Reservo?", footerText: "Loja Aurora", buttons });
  const shown = (await newest(ana)).content.interactive;
  check("buttons arrive", shown.action.buttons.map((button) => button.reply.id).join() === "sim,nao");

  const rows = [{ id: "fin", title: "Financeiro", description: "Boletos" }];
  const list = { bodyText: "Qual setor?", buttonText: "Setores", sections: [{ title: "Todos", rows }] };
  await client.messages.sendInteractiveList({ ...to, ...list });
  check("a list arrives", (await newest(ana)).content.interactive.action.sections[0].rows[0].id === "fin");

  const parameters = { displayText: "Ver fatura", url: "https://loja.example/fatura" };
  await client.messages.sendInteractiveCtaUrl({ ...to, bodyText: "Sua fatura", parameters });
  check("a link arrives", (await newest(ana)).content.interactive.type === "cta_url");

  const asked = { bodyText: "Onde você está?", parameters: { requestMessage: "Onde você está?" } };
  await client.messages.sendInteractiveLocationRequest({ ...to, ...asked });
  check("a request for the place arrives", (await newest(ana)).content.interactive.type === "location_request_message");

  await client.messages.sendLocation({ ...to, location: { latitude: -8.05, longitude: -34.9, name: "Recife" } });
  check("a place arrives", (await newest(ana)).content.location.name === "Recife");

  const card = { name: { formattedName: "Suporte", firstName: "Suporte" }, phones: [{ phone: "+551130304040" }] };
  await client.messages.sendContacts({ ...to, contacts: [card] });
  check("a card arrives", (await newest(ana)).content.contacts[0].name.formatted_name === "Suporte");

  const reactionOf = async () => {
    const { turns } = await control("GET", `/talks/${phoneNumberId}/${ana}`);
    return turns.find((turn) => turn.wamid === wamid).reaction;
  };
  await client.messages.sendReaction({ ...to, reaction: { messageId: wamid, emoji: "👍" } });
  check("a reaction sticks to its message", (await reactionOf()) === "👍");
  await client.messages.sendReaction({ ...to, reaction: { messageId: wamid, emoji: "" } });
  check("an empty emoji takes it back", (await reactionOf()) === null);

  const read = await client.messages.markRead({ phoneNumberId, messageId: wamid, typingIndicator: { type: "text" } });
  check("reading and typing are answered with success", read.success === true);
}

async function files(client, ana) {
  const file = new Blob(["%PDF-1.7 nota"], { type: "application/pdf" });
  const { id } = await client.media.upload({ phoneNumberId, type: "application/pdf", file, fileName: "nota.pdf" });
  check("media ids are digits", /^\d{1,32}$/.test(id));
  const document = { id, filename: "nota.pdf", caption: "Nota" };
  await client.messages.sendDocument({ phoneNumberId, to: ANA, document });
  check("a document arrives", (await newest(ana)).content.document.filename === "nota.pdf");
  const about = await client.media.get({ mediaId: id });
  check("the address says type and size", about.mimeType === "application/pdf" && Number(about.fileSize) === 13);
  const bytes = await client.media.download({ mediaId: id, auth: "always" });
  check("the file comes back", Buffer.from(bytes).toString() === "%PDF-1.7 nota");
  check("a file is deleted", (await client.media.delete({ mediaId: id })).success === true);
  const gone = await refusal(client.media.get({ mediaId: id }));
  check("a deleted file is an error of Meta's", gone !== null && gone.httpStatus === 400);
}

async function templates(client) {
  const name = "pedido_confirmado";
  const body = {
    type: "BODY",
    text: "Olá {{1}}, seu pedido {{2}} foi confirmado.",
    example: { body_text: [["Ana", "4821"]] },
  };
  const draft = { businessAccountId, name, language: "pt_BR", category: "UTILITY", components: [body] };
  const created = await client.templates.create(draft);
  check("a new template is pending", created.status === "PENDING");
  await control("PUT", `/templates/${created.id}/decision`, { event: "APPROVED" });
  const { data } = await client.templates.list({ businessAccountId, name });
  check("it is approved", data.length === 1 && data[0].status === "APPROVED");
  const parameters = (words) => words.map((text) => ({ type: "text", text }));
  const sends = (words) => {
    const template = buildTemplateSendPayload({ name, language: "pt_BR", body: parameters(words) });
    return client.messages.sendTemplate({ phoneNumberId, to: "+5521988887777", template });
  };
  check("a template opens a chat", (await sends(["Ana", "4821"])).messages[0].id.startsWith("wamid."));
  const missing = await refusal(sends(["Ana"]));
  check("a missing variable is 132000", missing?.code === 132000 && missing.isTemplateError());
  check("a template is deleted", (await client.templates.delete({ businessAccountId, name })).success === true);
}

async function refusals(client) {
  await control("POST", "/clock", { advance_ms: DAY_MS });
  const closed = await refusal(client.messages.sendText({ phoneNumberId, to: ANA, body: "Ainda está aí?" }));
  check("a closed window is 131047", closed?.code === 131047);
  const stranger = new WhatsAppClient({ baseUrl: url, accessToken: "wrong" });
  const refused = await refusal(stranger.messages.sendText({ phoneNumberId, to: ANA, body: "Olá" }));
  check("a wrong token is 190", refused?.code === 190 && refused.isAuthError());
}

/** What the simulator posts, read by the client. */
function receiver() {
  const heard = { messages: [], statuses: [], unsigned: 0 };
  const server = http.createServer((request, response) => {
    const asked = new URL(request.url, "http://receiver").searchParams;
    if (request.method === "GET") {
      response.end(asked.get("hub.challenge"));
      return;
    }
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      const rawBody = Buffer.concat(pieces);
      const signatureHeader = request.headers["x-hub-signature-256"];
      if (verifySignature({ appSecret, rawBody, signatureHeader })) {
        const { messages, statuses } = normalizeWebhook(JSON.parse(rawBody));
        heard.messages.push(...messages);
        heard.statuses.push(...statuses);
      } else {
        heard.unsigned += 1;
      }
      response.end();
    });
  });
  return new Promise((ready) => server.listen(0, "127.0.0.1", () => ready({ heard, server })));
}

async function until(name, holds) {
  for (let turn = 0; turn < 400 && !holds(); turn += 1) await new Promise((next) => setTimeout(next, 25));
  check(name, holds());
}

async function webhooks(client, bia) {
  const { heard, server } = await receiver();
  const callback = `http://127.0.0.1:${server.address().port}/`;
  await client.request("POST", `${businessAccountId}/subscribed_apps`, {
    body: { override_callback_uri: callback, verify_token: "example-verify" },
    responseType: "json",
  });
  await says(bia, "Bom dia");
  await until("a webhook is signed, and the client reads its message", () => heard.messages.length > 0);
  const [message] = heard.messages;
  check("the text is there", message.type === "text" && message.text.body === "Bom dia");
  check("who has no number has an id", typeof message.fromUserId === "string" && !message.from);
  const sent = await client.messages.sendText({ phoneNumberId, recipient: message.fromUserId, body: "Olá, Bia" });
  const wamid = sent.messages[0].id;
  await until("what became of an answer is told", () => heard.statuses.some((it) => it.id === wamid && it.status === "delivered"));
  check("every signature holds", heard.unsigned === 0);
  server.close();
}

async function main() {
  const client = new WhatsAppClient({ baseUrl: url, accessToken: "example-token" });
  const ana = await person({ name: "Ana Souza", phone: "+55 11 99999-0001" });
  const bia = await person({ name: "Bia Ferraz", username: "bia.ferraz" });
  await messages(client, ana);
  await files(client, ana);
  await templates(client);
  await webhooks(client, bia);
  await refusals(client);
  console.log("@kapso/whatsapp-cloud-api and the simulator understand each other");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
