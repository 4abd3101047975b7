// One message on the handset.

import { fileAddress } from "./api.js";
import { icon, make, say, timeOf } from "./words.js";

/** *bold*, _italic_ and ~struck~ as WhatsApp shows them. */
function formatted(text) {
  const pieces = document.createDocumentFragment();
  const tags = { "*": "b", _: "i", "~": "s" };
  let last = 0;
  for (const match of text.matchAll(/(^|[\s(])([*_~])(\S(?:.*?\S)?)\2(?=[\s).,:;!?]|$)/gm)) {
    const start = match.index + match[1].length;
    pieces.append(text.slice(last, start), make(tags[match[2]], {}, match[3]));
    last = match.index + match[0].length;
  }
  pieces.append(text.slice(last));
  return pieces;
}

function tickOf(turn) {
  if (turn.tick === "read") return icon("t-read", "0 0 20 16", "tick is-read", say("status_read"));
  if (turn.tick === "delivered") return icon("t-delivered", "0 0 16 16", "tick is-delivered", say("status_delivered"));
  return icon("t-sent", "0 0 16 16", "tick is-sent", say("status_sent"));
}

function fileOf(kind, file, onPlay) {
  const source = file.id ? fileAddress(file.id) : null;
  if (!source) return make("a", { href: file.link, rel: "noopener noreferrer", target: "_blank" }, file.link);
  if (kind === "image" || kind === "sticker") return make("img", { src: source, alt: file.caption ?? say(kind) });
  if (kind === "video") return make("video", { src: source, controls: true });
  if (kind === "audio") {
    const player = make("audio", { src: source, controls: true });
    player.addEventListener("play", onPlay, { once: true });
    return player;
  }
  return make("a", { href: source, download: file.filename ?? "" }, icon("i-page"), " ", file.filename ?? say("document"));
}

function placeOf(place) {
  const name = place.name ?? `${place.latitude}, ${place.longitude}`;
  return [icon("i-pin"), " ", make("b", {}, name), ...(place.address ? [make("br"), place.address] : [])];
}

function header(part) {
  if (!part) return null;
  if (typeof part === "string") return make("span", { class: "head" }, part);
  if (part.type === "text") return make("span", { class: "head" }, part.text);
  return part[part.type] ? fileOf(part.type, part[part.type], () => {}) : null;
}

function footer(text) {
  return text ? make("span", { class: "foot" }, text) : null;
}

function saidIn(turn, onPlay) {
  const { content } = turn;
  const object = content[content.type] ?? {};
  switch (content.type) {
    case "text":
      return [formatted(object.body)];
    case "image": case "video": case "audio": case "document": case "sticker":
      return [fileOf(content.type, object, onPlay), object.caption ? formatted(object.caption) : null];
    case "location":
      return placeOf(object);
    case "contacts":
      return [icon("i-user"), " ", make("b", {}, object[0]?.name?.formatted_name ?? ""), make("br"), object[0]?.phones?.[0]?.phone ?? ""];
    case "button":
      return [object.text];
    case "template":
      return [header(turn.rendered?.header), formatted(turn.rendered?.body ?? object.name), footer(turn.rendered?.footer)];
    case "interactive": {
      const reply = object.button_reply ?? object.list_reply;
      if (reply) return [reply.title];
      if (object.nfm_reply) return [icon("i-page"), " ", make("b", {}, say("form_sent")), ...filled(object.nfm_reply)];
      return [header(object.header), formatted(object.body?.text ?? ""), footer(object.footer?.text)];
    }
    default:
      return [make("i", {}, content.type)];
  }
}

/** What was filled into a form, a line each. */
function filled(reply) {
  const answers = Object.entries(JSON.parse(reply.response_json)).filter(([name]) => name !== "flow_token");
  return answers.flatMap(([name, value]) => [make("br"), `${name}: ${value}`]);
}

function quoteOf(turn, turns) {
  const quoted = turns.find((other) => other.wamid === turn.quotes);
  if (!quoted || turn.content.type === "interactive" || turn.content.type === "button") return null;
  const object = quoted.content[quoted.content.type] ?? {};
  const text = object.body?.text ?? object.body ?? object.caption ?? quoted.rendered?.body ?? quoted.content.type;
  return make("span", { class: "quoted truncate" }, String(text));
}

/** The choices under a message of the business, each with what the contact says by it. */
function choicesOf(turn) {
  const { content } = turn;
  if (content.type === "template") {
    return (turn.rendered?.buttons ?? [])
      .filter((button) => button.type === "QUICK_REPLY")
      .map((button) => ({ id: button.payload, title: button.text,
        said: { type: "template_button", payload: button.payload, text: button.text, quotes: turn.wamid } }));
  }
  if (content.type !== "interactive") return [];
  const { interactive } = content;
  switch (interactive.type) {
    case "button":
      return interactive.action.buttons.map(({ reply }) => ({ ...reply,
        said: { type: "button_reply", id: reply.id, title: reply.title, quotes: turn.wamid } }));
    case "list":
      return interactive.action.sections.flatMap((section) => section.rows).map((row) => ({ ...row,
        said: { type: "list_reply", ...row, quotes: turn.wamid } }));
    case "flow":
      return [{ id: "done", title: interactive.action.parameters.flow_cta, action: "form" }];
    case "location_request_message":
      return [{ id: "done", title: say("send_location"), action: "place" }];
    case "request_contact_info":
      return [{ id: "done", title: say("share_contact"), action: "own-card" }];
    default:
      return [];
  }
}

function linkOf(turn) {
  const action = turn.content.interactive?.action;
  if (action?.name !== "cta_url") return null;
  const { display_text: title, url } = action.parameters;
  const safe = /^https?:/i.test(url) ? url : undefined;
  return make("li", { class: "replies" }, make("a", { class: "reply-button", href: safe, target: "_blank", rel: "noopener noreferrer" }, title));
}

/** The list items of one message: the bubble, and its buttons if it has some. */
export function turnItems(turn, turns, on) {
  const mine = turn.writer === "contact";
  const lost = turn.tick === "failed";
  const meta = make("span", { class: "meta" }, make("time", {}, timeOf(turn.at)), mine ? tickOf(turn) : null);
  const words = lost ? [say("status_failed", { code: turn.error })] : saidIn(turn, () => on.play(turn.wamid));
  const classes = ["said", mine && "is-mine", lost && "is-lost", turn.reaction && "has-reaction"].filter(Boolean);
  const bubble = make("li", { class: classes.join(" ") }, lost ? null : quoteOf(turn, turns), ...words, meta);
  if (turn.reaction) bubble.append(make("span", { class: "given" }, turn.reaction));
  const items = [bubble];
  const choices = lost || mine ? [] : choicesOf(turn);
  if (choices.length > 0) {
    const buttons = choices.map((choice) => {
      const chosen = Boolean(choice.id) && choice.id === turn.chosen;
      const note = choice.description ? make("span", { class: "row-note" }, choice.description) : null;
      const button = make("button", { class: chosen ? "reply-button is-chosen" : "reply-button", type: "button", "aria-pressed": chosen ? "true" : "false" }, choice.title, note);
      button.addEventListener("click", () => (choice.said ? on.say(choice.said) : on.act(choice.action, turn)));
      return button;
    });
    const list = turn.content.interactive?.type === "list" ? turn.content.interactive.action.button : null;
    // A list opens when it is tapped, and shows what was chosen of it.
    const holder = list ? [make("details", { class: "rows", open: Boolean(turn.chosen) }, make("summary", { class: "reply-button" }, list), ...buttons)] : buttons;
    items.push(make("li", { class: "replies" }, ...holder));
  }
  const link = lost || mine ? null : linkOf(turn);
  if (link) items.push(link);
  return items;
}
