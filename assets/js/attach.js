// Sending a file: chosen, pasted or dropped. What is written in the field goes along as the words under it.

import { newKey, parse, text, toast, upload } from "./fragments.js";
import { keepDraft } from "./drafts.js";
import { setReply, showNotice } from "./composer.js";
import { refreshItem } from "./list.js";
import { openId, upsert } from "./thread.js";

const chooser = () => document.getElementById("file");
const field = () => document.getElementById("text");

/** Bind the chooser of the conversation that was just opened. */
export function bind() {
  if (!chooser() || chooser().dataset.bound) return;
  chooser().dataset.bound = "yes";
  chooser().addEventListener("change", () => {
    const [file] = chooser().files;
    chooser().value = "";
    send(file);
  });
  field().addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (!file) return;
    event.preventDefault();
    send(file);
  });
}

document.addEventListener("dragover", (event) => {
  if (event.target.closest?.("#main") && chooser()) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  if (!event.target.closest?.("#main") || !chooser()) return;
  event.preventDefault();
  send(event.dataTransfer.files[0]);
});

/** Not reached, or a proxy answered: the form's key makes the next attempt safe. */
async function patiently(attempt) {
  for (const pause of [2000, 5000]) {
    const answer = await attempt();
    if (![0, 502, 503, 504].includes(answer.status)) return answer;
    await new Promise((done) => setTimeout(done, pause));
  }
  return attempt();
}

let busy = false;

async function send(file) {
  if (!file || busy) return;
  busy = true;
  const id = openId();
  // Sound has no words under it; they stay in the field.
  const words = file.type.startsWith("audio/") ? "" : field().value.trim();
  const form = new FormData();
  form.append("caption", words);
  form.append("reply_to", document.getElementById("reply-to").value);
  form.append("idempotency_key", newKey());
  form.append("file", file);
  const label = chooser().closest("label");
  label.setAttribute("aria-busy", "true");
  const answer = await patiently(() => upload(`/conversations/${id}/files`, "message", form));
  label.removeAttribute("aria-busy");
  busy = false;
  if (!answer.ok) {
    if (id === openId()) showNotice(answer.html);
    else toast(text("failed"), { danger: true });
    return;
  }
  if (words) keepDraft(id, "");
  if (id === openId()) {
    if (words && field().value.trim() === words) field().value = "";
    setReply(null);
    upsert(parse(answer.html));
  }
  refreshItem(id, openId);
}
