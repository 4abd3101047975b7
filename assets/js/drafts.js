// Unsent text, per conversation, for as long as the tab lives. Nothing but the text is kept, and no token ever.

const key = (id) => `zelo.draft.${id}`;

export function draftOf(id) {
  return sessionStorage.getItem(key(id)) ?? "";
}

export function keepDraft(id, words) {
  if (words.trim()) sessionStorage.setItem(key(id), words);
  else sessionStorage.removeItem(key(id));
}

/** Put text that could not be sent back above whatever has been written since. */
export function returnToDraft(id, words) {
  const since = draftOf(id);
  keepDraft(id, since.trim() ? `${words}\n${since}` : words);
}
