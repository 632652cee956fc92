// Elements and words. Every text of strangers (names of files and classes, words of errors) becomes a text node;
// nothing is ever read as HTML.

export const $ = (id) => document.getElementById(id);

/** Make an element; `settings` are properties, `aria…`, `data…` and `role` attributes, `on…` listeners. */
export function make(tag, settings = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (/^(aria-|data-|role$|for$)/.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Spell out what nobody would see in a name: controls, zero widths, and what turns the reading direction. */
export function visible(text) {
  return String(text).replace(
    /[\u0000-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]/gu,
    (sign) => `\\u${sign.codePointAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function shorten(text, most) {
  const signs = [...visible(text)];
  const tail = Math.floor(most / 3);
  return signs.length <= most ? signs.join("") : `${signs.slice(0, most - tail - 1).join("")}…${signs.slice(-tail).join("")}`;
}

/** A name of a stranger, isolated from the words around it; whole in its tooltip where it is cut. */
export function named(text, most = 60) {
  const short = shorten(text, most);
  return make("bdi", { textContent: short, title: short === visible(text) ? "" : visible(text) });
}

export function percent(share) {
  if (share > 0.99 && share < 1) return "> 99 %";
  if (share < 0.01 && share > 0) return "< 1 %";
  return `${Math.round(100 * share)} %`;
}

/** Two shares of which the first is smaller, with as many digits as it takes to see it. */
export function percents(...shares) {
  const rough = shares.map(percent);
  return rough[0] === rough[1] ? shares.map((share) => `${(100 * share).toFixed(2)} %`) : rough;
}

/** What went wrong, in lines: what was expected, what was found, what to do. */
export function troubles(error) {
  const { expected, found, advice } = error.said ?? { expected: error.message };
  const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? "" : "."}`;
  return [
    make("b", {}, visible(expected)),
    found ? make("span", {}, visible(`Found: ${found}.`)) : null,
    advice ? make("span", {}, visible(sentence(advice))) : null,
  ].filter(Boolean);
}

export const announce = (words) => ($("live").textContent = words);
