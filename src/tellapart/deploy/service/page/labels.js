// Pictures whose labels are worth another look, and what the user decides about them.

import { askJson, askPicture } from "./asking.js";
import { bars } from "./run.js";
import { whenOpened } from "./tabs.js";
import { $, announce, make, named, shorten, troubles, visible } from "./words.js";

const LISTS = { suspect: "Suspect labels", errors: "Errors", unsure: "Least sure" };
const EMPTY = {
  suspect: "No label of this run looks wrong.",
  errors: "The model called every picture of this run by its label.",
  unsure: "The model was sure of every picture that it called right.",
};
const PARTS = {
  train: "training; judged by a model that had not seen it",
  validation: "validation; judged by a model that had not seen it",
  test: "test: never trained on",
};
const MARKS = { keep: ["good", "✓", "kept"], change: ["open", "→", "changed"], skip: ["plain", "?", "left open"] };

const CHOICES = 3; // other classes that have a button, the most probable ones

let gallery = null;
let list = "suspect";
let at = 0;
let writing = false;
const undoable = [];
const large = new Map(); // number -> address of the picture, of the last few

const numbers = () => gallery.lists[list];
const entry = () => gallery.entries[numbers()[at]];

async function openLabels() {
  if (gallery) return $("review").focus();
  try {
    gallery = await askJson("/page/gallery");
  } catch (error) {
    return showNothing(visible(error.message));
  }
  if (!gallery.there) {
    return showNothing("The pictures of this run are not where they were when it was trained.",
      make("bdi", { className: "path", textContent: visible(gallery.root) }),
      "Start the service again and say where they are now:", make("code", {}, "tellapart serve RUN --pictures DIR"));
  }
  list = Object.keys(LISTS).find((name) => gallery.lists[name].length) ?? "suspect";
  openList(list);
}

function showNothing(...words) {
  $("labels-empty").replaceChildren(...words.map((one) => (typeof one === "string" ? make("p", {}, one) : one)));
  $("labels-empty").hidden = false;
  $("review").hidden = true;
}

function openList(name) {
  list = name;
  const left = numbers().findIndex((number) => !gallery.entries[number].decision);
  at = Math.max(0, left);
  $("lists").replaceChildren(...Object.entries(LISTS).map(([one, words]) =>
    make("button", { type: "button", "aria-pressed": String(one === name), onclick: () => openList(one) }, words, make("b", {}, gallery.lengths[one].toLocaleString("en")))));
  $("use").hidden = false;
  showUse(gallery);
  fillStrip();
  $("labels-empty").hidden = true;
  if (!numbers().length) return showNothing(EMPTY[name]);
  $("review").hidden = false;
  show();
}

function showUse({ decided, command }) {
  $("decided").textContent = decided === 0 ? "Nothing is decided yet." : decided === 1 ? "One picture is decided." : `${decided} pictures are decided.`;
  $("file").textContent = visible(gallery.file);
  $("command").textContent = visible(command);
}

/** Show the picture at hand. */
function show({ focus = true } = {}) {
  const one = entry();
  const probabilities = Object.fromEntries(gallery.classes.map((name, k) => [name, one.probabilities[k]]));
  const rows = [["Labelled", named(one.label), "big"], ["Model says", named(one.predicted), "big"]];
  if (one.suggested && one.suggested !== one.predicted) rows.push(["Suggested", named(one.suggested), ""]);
  rows.push(["Part", visible(PARTS[one.split] ?? one.split), "part"]);
  $("said").replaceChildren(make("dl", { className: "said" }, ...rows.flatMap(([term, words, kind]) => [make("dt", { className: kind === "part" ? kind : "" }, term), make("dd", { className: kind }, words)])));
  $("shares").replaceChildren(bars(probabilities, one.predicted));
  $("looked-path").textContent = visible(one.path);
  $("actions").replaceChildren(...actions(one, probabilities));
  $("back").disabled = at === 0;
  $("next").disabled = at === numbers().length - 1;
  $("undo").disabled = !undoable.length;
  $("trouble").textContent = "";
  showProgress();
  markStrip();
  showPicture(one);
  if (focus) $("review").focus({ preventScroll: true });
}

function actions(one, probabilities) {
  const pressed = (decision, label) => one.decision?.decision === decision && (decision === "skip" || one.decision.label === label);
  const button = (key, decision, label, place, ...words) => make("button", { type: "button", className: place, "aria-keyshortcuts": key, "aria-pressed": String(pressed(decision, label)), "data-key": key, onclick: () => decide(decision, label) },
    ...words, " ", make("kbd", {}, key));
  const others = gallery.classes.filter((name) => name !== one.label).sort((a, b) => probabilities[b] - probabilities[a]);
  const two = others.length === 1;
  const found = [button("A", "keep", one.label, "", named(one.label, 24), " is right")];
  for (const [n, name] of others.slice(0, CHOICES).entries()) found.push(button(two ? "F" : String(n + 1), "change", name, n ? "far" : "", "It is ", named(name, 24)));
  found.push(button("S", "skip", "", "whole", "Cannot tell"));
  if (!two) {
    const taken = others.findIndex((name) => pressed("change", name));
    const select = make("select", { id: "other", onchange: () => select.value && decide("change", others[Number(select.value) - 1]) },
      make("option", { value: "" }, "choose…"), ...others.map((name, n) => make("option", { value: String(n + 1), selected: n === taken }, shorten(name, 60))));
    // A narrow page has room for one button: there the list is needed even where a wide one shows every class.
    found.push(make("label", { className: others.length > CHOICES ? "other" : "other narrow", for: "other" }, "Another class", select));
  }
  return found;
}

function showProgress() {
  const all = numbers();
  const done = all.filter((number) => gallery.entries[number].decision).length;
  const more = gallery.lengths[list] - all.length;
  $("progress").max = all.length;
  $("progress").value = done;
  $("progress-words").textContent = `${at + 1} of ${all.length}${more ? ` (the first of ${gallery.lengths[list].toLocaleString("en")})` : ""}; ${done} decided`;
}

async function showPicture(one) {
  const number = numbers()[at];
  const image = $("looked");
  image.alt = `The picture, labelled ${shorten(one.label, 40)}`;
  try {
    const address = await picture(number);
    if (number === numbers()[at]) {
      image.hidden = false;
      image.src = address;
    }
    for (const near of [numbers()[at + 1], numbers()[at + 2]]) if (near !== undefined) picture(near).catch(() => {});
  } catch (error) {
    if (number !== numbers()[at]) return;
    image.hidden = true;
    $("trouble").replaceChildren(...troubles(error));
  }
}

$("looked").addEventListener("load", (event) => {
  const image = event.target;
  image.classList.toggle("tiny", Math.max(image.naturalWidth, image.naturalHeight) < 256);
});

/** Fetch a picture once; the addresses of the last few are kept. */
function picture(number) {
  if (!large.has(number)) {
    large.set(number, askPicture(`/page/pictures/${number}?side=768`));
    large.get(number).catch(() => large.delete(number));
    if (large.size > 12) {
      const [oldest, address] = large.entries().next().value;
      large.delete(oldest);
      address.then(URL.revokeObjectURL, () => {});
    }
  }
  return large.get(number);
}

const inSight = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    inSight.unobserve(target);
    askPicture(`/page/pictures/${target.dataset.number}?side=192`).then(
      (address) => {
        const image = target.querySelector("img");
        image.onload = () => {
          URL.revokeObjectURL(address);
          image.classList.toggle("tiny", Math.max(image.naturalWidth, image.naturalHeight) < 64);
        };
        image.src = address;
      },
      () => {}, // the tile stays empty; looked at, it says why
    );
  }
}, { rootMargin: "200px" });

function fillStrip() {
  inSight.disconnect();
  $("strip").replaceChildren(...numbers().map((number, n) => {
    const tile = make("button", { type: "button", "data-number": number, onclick: () => go(n) }, make("img", { alt: "" }));
    inSight.observe(tile);
    return make("li", {}, tile);
  }));
}

function markStrip() {
  for (const [n, item] of [...$("strip").children].entries()) {
    const one = gallery.entries[numbers()[n]];
    const tile = item.firstChild;
    const [tone, sign, words] = MARKS[one.decision?.decision] ?? [];
    tile.querySelector(".mark")?.remove();
    tile.className = words ? "done" : "";
    if (words) tile.append(make("span", { className: `mark ${tone}`, "aria-hidden": "true" }, sign));
    tile.setAttribute("aria-label", `${n + 1}: labelled ${shorten(one.label, 40)}, model says ${shorten(one.predicted, 40)}${words ? `, ${words}` : ""}`);
    if (n === at) tile.setAttribute("aria-current", "true");
    else tile.removeAttribute("aria-current");
  }
  // Not scrollIntoView: it would move the page too.
  const strip = $("strip");
  const { offsetTop, offsetHeight } = strip.children[at];
  const top = offsetTop - strip.offsetTop;
  if (top < strip.scrollTop) strip.scrollTop = top;
  else if (top + offsetHeight > strip.scrollTop + strip.clientHeight) strip.scrollTop = top + offsetHeight - strip.clientHeight;
}

function go(to, said = "") {
  at = Math.min(Math.max(to, 0), numbers().length - 1);
  show();
  if (matchMedia("(max-width: 52rem)").matches) $("review").scrollIntoView({ block: "start" });
  const one = entry();
  announce(`${said}Picture ${at + 1} of ${numbers().length}: labelled ${shorten(one.label, 40)}, model says ${shorten(one.predicted, 40)}`);
}

async function write(number, decision) {
  const path = `/page/corrections/${number}`;
  const body = decision && JSON.stringify(decision);
  showUse(await askJson(path, decision ? { method: "PUT", body, headers: { "Content-Type": "application/json" } } : { method: "DELETE" }));
  gallery.entries[number].decision = decision;
}

/** Do one thing to the corrections at a time; what fails is said, and nothing moves on. */
async function exclusively(work) {
  if (writing) return;
  writing = true;
  try {
    await work();
  } catch (error) {
    $("trouble").replaceChildren(...troubles(error));
  } finally {
    writing = false;
  }
}

function decide(decision, label) {
  return exclusively(async () => {
    const number = numbers()[at];
    const before = entry().decision;
    await write(number, { decision, label: decision === "skip" ? "" : label });
    undoable.push({ list, number, before });
    const said = decision === "keep" ? "Kept. " : decision === "change" ? `Changed to ${shorten(label, 40)}. ` : "Left open. ";
    if (at < numbers().length - 1) return go(at + 1, said);
    show();
    announce(`${said}That was the last of this list.`);
  });
}

function undo() {
  return exclusively(async () => {
    const last = undoable.at(-1);
    if (!last) return;
    await write(last.number, last.before);
    undoable.pop();
    if (last.list !== list) openList(last.list);
    go(numbers().indexOf(last.number), "Taken back. ");
  });
}

$("back").addEventListener("click", () => go(at - 1));
$("next").addEventListener("click", () => go(at + 1));
$("undo").addEventListener("click", undo);

// Single keys work only while the picture has the focus, so that they get in nobody's way.
$("review").addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input")) return;
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const does = { B: () => go(at - 1), ArrowLeft: () => go(at - 1), N: () => go(at + 1), ArrowRight: () => go(at + 1), U: undo }[key];
  const button = $("actions").querySelector(`[data-key="${CSS.escape(key)}"]`) ?? (key === "F" ? $("actions").querySelector('[data-key="1"]') : null);
  if (!does && !button) return;
  event.preventDefault();
  if (does) does();
  else if (key === "F" && button.dataset.key !== "F") button.focus();
  else button.click();
});

$("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText($("command").textContent);
    announce("Copied");
    $("copy").textContent = "Copied";
    setTimeout(() => ($("copy").textContent = "Copy"), 2000);
  } catch {
    getSelection().selectAllChildren($("command")); // no clipboard outside of https and this machine
  }
});

whenOpened.labels = openLabels;
