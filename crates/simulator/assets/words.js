// Texts, times and small pieces of the page.

const language = document.documentElement.lang;
const texts = await (await fetch(`/simulator/assets/texts.${language}.json`)).json();

/** The text of a key, with {name} and the like filled. */
export function say(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** What a refusal says, in the reader's language where it has one. */
export const reasonOf = (error) => texts[`refused_${error.code}`] ?? error.message;

/** An element with attributes and children; texts stay texts. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name, viewBox = "0 0 20 20", kind = "icon", label) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", kind);
  svg.setAttribute("viewBox", viewBox);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else {
    svg.setAttribute("aria-hidden", "true");
  }
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hour12: false });
const clockWithSeconds = new Intl.DateTimeFormat(language, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false,
});
const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "long" });

export const timeOf = (ms) => clock.format(new Date(ms));
export const exactTimeOf = (ms) => clockWithSeconds.format(new Date(ms));
export const dayOf = (ms) =>
  new Date(ms).toDateString() === new Date().toDateString() ? say("today") : day.format(new Date(ms));

/** Hours and minutes, such as 21 h 14 min. */
export function spanOf(ms) {
  const minutes = Math.floor(ms / 60000);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function initials(name) {
  const parts = name.split(/[\s.]+/).filter((part) => /\p{L}/u.test(part));
  const letters = parts.length > 1 ? parts[0][0] + parts.at(-1)[0] : (parts[0] ?? "?").slice(0, 2);
  return letters.toUpperCase();
}

/** The first name, for "Enviar como Helena". */
export const firstName = (name) => (name.includes(" ") ? name.split(" ")[0] : name);
