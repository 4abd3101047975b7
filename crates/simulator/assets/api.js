// Calls of the simulator's control interface.

const base = "/simulator/api";

/** A refusal, with the simulator's code and words. */
export class Refused extends Error {
  constructor(code, detail) {
    super(detail);
    this.code = code;
  }
}

async function call(method, path, body, type = "application/json") {
  const options = { method };
  if (body !== undefined) {
    options.headers = { "content-type": type };
    options.body = type === "application/json" ? JSON.stringify(body) : body;
  }
  const response = await fetch(base + path, options);
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Refused(problem.code, problem.detail ?? `HTTP ${response.status}`);
  }
  return response.status === 200 || response.status === 201 ? response.json().catch(() => null) : null;
}

const chat = (channel, contact) => `/talks/${encodeURIComponent(channel)}/${contact}`;

export const state = () => call("GET", "/state");
export const log = () => call("GET", "/log?limit=60");
export const talk = (channel, contact) => call("GET", chat(channel, contact));
export const clearTalk = (channel, contact) => call("DELETE", chat(channel, contact));
export const say = (channel, contact, said) => call("POST", `${chat(channel, contact)}/messages`, said);
export const read = (channel, contact) => call("POST", `${chat(channel, contact)}/read`, {});
export const play = (channel, contact, wamid) => call("POST", `${chat(channel, contact)}/play`, { wamid });
export const addContact = (person) => call("POST", "/contacts", person);
export const setConditions = (conditions) => call("PUT", "/conditions", conditions);
export const advanceClock = (ms) => call("POST", "/clock", { advance_ms: ms });
export const templates = () => call("GET", "/templates");
export const decideTemplate = (id, event) => call("PUT", `/templates/${encodeURIComponent(id)}/decision`, { event });
export const rateNumber = (channel, quality) => call("PUT", `/channels/${encodeURIComponent(channel)}/quality`, { quality });
export const addFile = async (channel, blob, type) =>
  (await call("POST", `/files/${encodeURIComponent(channel)}`, blob, type)).id;
export const fileAddress = (id) => `${base}/files/${encodeURIComponent(id)}`;

/** Calls back on every change, and when the line is lost or found again. */
export function follow(onChange, onLine) {
  const source = new EventSource(`${base}/stream`);
  source.addEventListener("open", () => onLine(true));
  source.addEventListener("error", () => onLine(false));
  source.addEventListener("changed", () => onChange());
}
