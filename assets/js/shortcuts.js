// The keyboard. Single letters are off while typing and can be switched off altogether.

const LETTERS_OFF = "zelo.letters-off";
let afterG = 0;

/** `act` holds one function per deed; see `inbox.js`. */
export function listen(act) {
  const dialog = document.getElementById("shortcuts");
  const letters = document.getElementById("letter-keys");
  letters.checked = localStorage.getItem(LETTERS_OFF) === null;
  letters.addEventListener("change", () => {
    if (letters.checked) localStorage.removeItem(LETTERS_OFF);
    else localStorage.setItem(LETTERS_OFF, "yes");
  });
  document.getElementById("open-shortcuts").addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || dialog.open) return;
    if (event.key === "Escape") {
      escape(act);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !letters.checked) return;
    const deed = deedOf(event, act, dialog);
    if (!deed) return;
    event.preventDefault();
    deed();
  });
}

function deedOf(event, act, dialog) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // "G" and then, within a second, where to.
  if (key === "g") {
    afterG = Date.now();
    return null;
  }
  if (key === "c" && Date.now() - afterG < 1000) return act.goHome;
  const deeds = {
    j: () => act.move(1),
    k: () => act.move(-1),
    r: act.reply,
    a: act.take,
    z: act.snooze,
    e: act.resolve,
    "?": () => dialog.showModal(),
  };
  return deeds[key];
}

function isTyping(target) {
  return target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox])");
}

/** One thing at a time: a menu, then the quoted message or the field, then back to the list. */
function escape(act) {
  const menu = document.querySelector("details.holder[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (location.hash === "#contact") {
    location.hash = "#main";
  } else {
    act.back();
  }
}
