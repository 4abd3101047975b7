// Recording a voice message: a press begins, another one sends. Where it is not possible the page says why, in place of the
// button.

import { newKey, parse, text, toast, upload } from "./fragments.js";
import { setReply, showNotice } from "./composer.js";
import { refreshItem } from "./list.js";
import { openId, upsert } from "./thread.js";

/** What WhatsApp's container can be made of without encoding again: Chromium's first, then Firefox's. */
const TYPES = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus"];
/** Bits a second: clear speech, and three minutes in the 512 KB that phones load by themselves. */
const BITS = 24000;
/** The longest message, in seconds: half an hour, some five megabytes. */
const LONGEST = 30 * 60;

const button = () => document.getElementById("record");
const bar = () => document.getElementById("recording");

const type = () => TYPES.find((type) => window.MediaRecorder?.isTypeSupported(type));

/** What is being recorded, and for which conversation. */
let current = null;

/** Bind the button of the conversation that was just opened. */
export function bind() {
  // Whoever goes elsewhere does not go on recording there.
  if (current && (current.conversation !== openId() || !current.bar.isConnected)) discard();
  if (!button() || button().dataset.bound) return;
  button().dataset.bound = "yes";
  const why = obstacle();
  if (why) {
    explain(why);
    return;
  }
  button().hidden = false;
  button().addEventListener("click", start);
  bar().querySelector("[data-cancel]").addEventListener("click", discard);
  bar().querySelector("[data-send]").addEventListener("click", send);
  bar().addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    discard();
  });
  // Known before the first press only where the browser remembers what was said last time.
  navigator.permissions?.query({ name: "microphone" }).then(
    ({ state }) => state === "denied" && explain("denied"),
    () => {},
  );
}

function obstacle() {
  if (!window.isSecureContext) return "insecure";
  if (!navigator.mediaDevices?.getUserMedia || !type()) return "browser";
  return null;
}

/** Say why nothing can be recorded. */
function explain(why) {
  const place = document.getElementById("no-recording");
  if (!button() || !place) return;
  button().hidden = true;
  place.textContent = place.dataset[why];
  place.hidden = false;
}

async function start() {
  if (current) return;
  const recording = { conversation: openId(), bar: bar(), pieces: [], key: newKey() };
  current = recording;
  try {
    recording.stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
  } catch (error) {
    if (current === recording) current = null;
    explain(error.name === "NotFoundError" ? "device" : "denied");
    return;
  }
  // While the browser asked, somebody may have gone elsewhere.
  if (current !== recording || recording.conversation !== openId()) {
    release(recording);
    return;
  }
  recording.recorder = new MediaRecorder(recording.stream, { mimeType: type(), audioBitsPerSecond: BITS });
  recording.recorder.addEventListener("dataavailable", ({ data }) => recording.pieces.push(data));
  recording.ended = new Promise((done) => recording.recorder.addEventListener("stop", done, { once: true }));
  recording.recorder.start(1000);
  recording.began = Date.now();
  recording.clock = setInterval(() => show(recording), 250);
  button().hidden = true;
  recording.bar.hidden = false;
  recording.bar.querySelector("[data-state]").textContent =
    recording.bar.querySelector("[data-state]").dataset.recording;
  show(recording);
  recording.bar.querySelector("[data-send]").focus();
}

function show(recording) {
  const seconds = Math.floor((Date.now() - recording.began) / 1000);
  const shown = Math.min(seconds, LONGEST);
  recording.bar.querySelector("[data-length]").textContent =
    `${Math.floor(shown / 60)}:${String(shown % 60).padStart(2, "0")}`;
  if (seconds < LONGEST || recording.recorder.state === "inactive") return;
  release(recording);
  recording.bar.querySelector("[data-state]").textContent = recording.bar.dataset.full;
}

/** Let go of the microphone. What was recorded stays. */
function release(recording) {
  clearInterval(recording.clock);
  if (recording.recorder?.state === "recording") recording.recorder.stop();
  recording.stream?.getTracks().forEach((track) => track.stop());
}

/** Put the button back where the bar was. */
function close(recording) {
  if (current === recording) current = null;
  if (!recording.bar.isConnected) return;
  const hadKeyboard = recording.bar.contains(document.activeElement);
  recording.bar.hidden = true;
  recording.bar.removeAttribute("aria-busy");
  recording.bar.querySelector("[data-state]").textContent = "";
  button().hidden = false;
  if (hadKeyboard) button().focus();
}

function discard() {
  const recording = current;
  if (!recording || recording.isSending) return;
  release(recording);
  close(recording);
}

async function send() {
  const recording = current;
  if (!recording?.recorder || recording.isSending) return;
  recording.isSending = true;
  recording.bar.setAttribute("aria-busy", "true");
  release(recording);
  await recording.ended;
  const kind = recording.recorder.mimeType || type();
  const form = new FormData();
  form.append("reply_to", document.getElementById("reply-to")?.value ?? "");
  form.append("idempotency_key", recording.key);
  form.append("voice", "yes");
  // The server looks at the content; type and name only have to agree with it.
  form.append("file", new Blob(recording.pieces, { type: kind }), kind.includes("ogg") ? "voz.ogg" : "voz.webm");
  const { conversation } = recording;
  const answer = await upload(`/conversations/${conversation}/files`, "message", form);
  if (!answer.ok && answer.status !== 422) {
    // Not taken yet: it is kept, and the button sends it again, once by its key.
    recording.isSending = false;
    recording.bar.removeAttribute("aria-busy");
  } else {
    close(recording);
  }
  if (!answer.ok) {
    if (conversation === openId()) showNotice(answer.html);
    else toast(text("failed"), { danger: true });
    return;
  }
  if (conversation === openId()) {
    setReply(null);
    upsert(parse(answer.html));
  }
  refreshItem(conversation, openId);
}
