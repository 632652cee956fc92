// The page of `tellapart serve`: asks the service it came from and nobody else. Every text of strangers (names of
// files and classes, words of errors) becomes a text node; nothing here is ever read as HTML.

const $ = (id) => document.getElementById(id);

/** Make an element; `settings` are properties, `aria…`, `data…` and `role` attributes, `on…` listeners. */
function make(tag, settings = {}, ...children) {
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
function visible(text) {
  return String(text).replace(
    /[\u0000-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]/gu,
    (sign) => `\\u${sign.codePointAt(0).toString(16).padStart(4, "0")}`,
  );
}

function shorten(text, most) {
  const signs = [...visible(text)];
  const tail = Math.floor(most / 3);
  return signs.length <= most ? signs.join("") : `${signs.slice(0, most - tail - 1).join("")}…${signs.slice(-tail).join("")}`;
}

/** A name of a stranger, isolated from the words around it; whole in its tooltip where it is cut. */
function named(text, most = 60) {
  const short = shorten(text, most);
  return make("bdi", { textContent: short, title: short === visible(text) ? "" : visible(text) });
}

function percent(share) {
  if (share > 0.99 && share < 1) return "> 99 %";
  if (share < 0.01 && share > 0) return "< 1 %";
  return `${Math.round(100 * share)} %`;
}

/** Two shares of which the first is smaller, with as many digits as it takes to see it. */
function percents(...shares) {
  const rough = shares.map(percent);
  return rough[0] === rough[1] ? shares.map((share) => `${(100 * share).toFixed(2)} %`) : rough;
}

/** What went wrong, in lines: what was expected, what was found, what to do. */
function troubles(error) {
  const { expected, found, advice } = error.said ?? { expected: error.message };
  const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? "" : "."}`;
  return [
    make("b", {}, visible(expected)),
    found ? make("span", {}, visible(`Found: ${found}.`)) : null,
    advice ? make("span", {}, visible(sentence(advice))) : null,
  ].filter(Boolean);
}

const announce = (words) => ($("live").textContent = words);

// ---------------------------------------------------------------------------------------------- asking the service

const TOKEN = "tellapart token"; // in this tab's memory only
const MOST_TRIES = 8; // where the service is busy

class Refusal extends Error {
  constructor(said) {
    super([said.expected, said.found && `Found: ${said.found}.`, said.advice].filter(Boolean).join(" "));
    this.said = said;
  }
}

async function ask(path, options = {}, tries = 1) {
  const headers = new Headers(options.headers);
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  let response;
  try {
    // Without credentials the browser does not put its own question for a password over ours.
    response = await fetch(path, { ...options, headers, credentials: "omit" });
  } catch {
    throw new Refusal({ expected: "The service does not answer.", advice: "Is it still running? Then try again." });
  }
  if (response.status === 401) {
    await askToken(token);
    return ask(path, options, tries);
  }
  if ((response.status === 429 || response.status === 503) && tries < MOST_TRIES) {
    const seconds = Number(response.headers.get("Retry-After")) || 1;
    await new Promise((resolve) => setTimeout(resolve, 1000 * Math.min(10, seconds)));
    return ask(path, options, tries + 1);
  }
  if (!response.ok) {
    const document = await response.json().catch(() => null);
    throw new Refusal(document?.error ?? { expected: `The service answered with status ${response.status}.` });
  }
  return response;
}

const askJson = async (path, options) => (await ask(path, options)).json();

async function askPicture(path, options) {
  return URL.createObjectURL(await (await ask(path, options)).blob());
}

let asking = null;

/** Let the user type the token; `refused` is the one that was not taken. */
function askToken(refused) {
  if (sessionStorage.getItem(TOKEN) !== refused) return Promise.resolve(); // given while this request was under way
  asking ??= new Promise((resolve) => {
    $("token-trouble").textContent = refused ? "That is not the token." : "";
    $("token-form").onsubmit = (event) => {
      event.preventDefault();
      sessionStorage.setItem(TOKEN, $("token").value);
      $("token").value = $("token-trouble").textContent = "";
      $("ask-token").close();
      asking = null;
      resolve();
    };
    $("ask-token").oncancel = (event) => event.preventDefault();
    $("ask-token").showModal();
  });
  return asking;
}

// ------------------------------------------------------------------------------------------------------------ tabs

const TABS = ["try", "labels", "report"];

function open(name) {
  for (const one of TABS) {
    const chosen = one === name;
    $(one).hidden = !chosen;
    $(`tab-${one}`).setAttribute("aria-selected", chosen);
    $(`tab-${one}`).tabIndex = chosen ? 0 : -1;
  }
  history.replaceState(null, "", name === "try" ? "/" : `#${name}`);
  if (name === "labels") openLabels();
  if (name === "report") openReport();
}

for (const [index, name] of TABS.entries()) {
  $(`tab-${name}`).addEventListener("click", () => open(name));
  $(`tab-${name}`).addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = TABS[(index + step + TABS.length) % TABS.length];
    open(next);
    $(`tab-${next}`).focus();
  });
}

const opened = () => TABS.find((name) => !$(name).hidden);

// --------------------------------------------------------------------------------------------------------- the run

let run = null;

const SIGNS = { trustworthy: ["good", "✓"], "too few to tell": ["open", "?"] };

function badge(tone, sign, words) {
  return make("span", { className: `badge ${tone}` }, make("span", { "aria-hidden": "true" }, sign), words);
}

async function openRun() {
  run = await askJson("/page/run");
  document.title = `${shorten(run.name, 40)} – tellapart`;
  $("run-name").textContent = visible(run.name);
  const [one, other] = run.classes;
  $("question").replaceChildren(
    ...(run.classes.length === 2 ? [named(one, 30), " or ", named(other, 30), "?"] : [`Which of ${run.classes.length} kinds?`]),
  );
  if (run.decision) {
    const [tone, sign] = SIGNS[run.decision] ?? ["bad", "!"];
    $("verdict").replaceChildren(badge(tone, sign, visible(run.decision)), make("span", {}, visible(run.sentence ?? "")));
    $("verdict").hidden = false;
  }
}

/** Bars of probability, each with its figure in words; two classes in their own order, more by size. */
function bars(probabilities, said) {
  let rows = Object.entries(probabilities);
  if (rows.length > 2) rows.sort((a, b) => b[1] - a[1]);
  const shown = rows.slice(0, 5);
  const list = shown.map(([name, share]) => {
    const fill = make("span", { className: "fill" });
    fill.style.width = `${100 * share}%`;
    const rail = make("span", { className: "rail", "aria-hidden": "true" }, fill);
    const row = make("li", { className: name === said ? "share said-so" : "share" },
      make("span", { className: "class" }, named(name, 40)), rail, make("span", { className: "much" }, percent(share)));
    if (run.threshold !== null && name === run.positive) {
      const from = make("span", { className: "from" });
      from.style.left = `calc(${100 * run.threshold}% - 1px)`;
      rail.append(from);
      row.append(make("span", { className: "note" }, `said from ${percent(run.threshold)} on`));
    }
    return row;
  });
  if (rows.length > shown.length) list.push(make("li", { className: "soft" }, `and ${rows.length - shown.length} less probable classes`));
  return make("ol", { className: "shares", "aria-label": "Probability of each class" }, ...list);
}

// ------------------------------------------------------------------------------------------------------- trying it

const AT_ONCE = 3; // requests; the service answers what comes together in one batch
const waiting = [];
const tally = { files: 0, done: 0, unsure: 0, failed: 0 };
let underWay = 0;

function take(files) {
  if (!files.length) return;
  const batch = files.map(newResult);
  $("results").prepend(...batch.map((one) => one.card));
  waiting.push(...batch);
  tally.files += batch.length;
  $("drop").classList.add("small");
  showTally();
  for (let n = underWay; n < AT_ONCE; n++) work();
}

async function work() {
  underWay++;
  for (let one; (one = waiting.shift()); ) {
    if (!one.card.isConnected) continue; // cleared meanwhile
    await predict(one);
    showTally();
  }
  underWay--;
}

function showTally() {
  $("over").hidden = !tally.files;
  const parts = [tally.done < tally.files ? `${tally.done} of ${tally.files} answered` : `${tally.files} answered`];
  if (tally.unsure) parts.push(`${tally.unsure} not sure`);
  if (tally.failed) parts.push(`${tally.failed} could not be read`);
  $("tally").textContent = parts.join(", ");
}

function newResult(file) {
  const name = file.webkitRelativePath || file.name || "pasted picture";
  const picture = shownFile(file, name);
  const answer = make("div", { className: "answer" }, make("bdi", { className: "path name", textContent: shorten(name, 90), title: visible(name) }),
    make("p", { className: "label" }, "…"));
  const pictures = make("div", { className: "pictures" }, make("figure", {}, make("div", { className: "thumb" }, picture)));
  const card = make("li", { className: "result waiting", tabIndex: -1 }, pictures, answer);
  return { file, name, card, answer, pictures };
}

function shownFile(file, name) {
  const address = URL.createObjectURL(file);
  const image = make("img", { alt: shorten(name, 90), decoding: "async" });
  image.onload = () => {
    URL.revokeObjectURL(address);
    image.classList.toggle("tiny", Math.max(image.naturalWidth, image.naturalHeight) < 96);
  };
  image.onerror = () => {
    URL.revokeObjectURL(address);
    image.replaceWith("no preview");
  };
  image.src = address;
  return image;
}

const posted = (file) => ({ method: "POST", body: file, headers: { "Content-Type": file.type || "application/octet-stream" } });

async function predict(one) {
  try {
    if (one.file.size > run.body_bytes) {
      throw new Refusal({ expected: `The file is larger than the ${Math.floor(run.body_bytes / 2 ** 20)} MiB that the service takes.`, advice: "Reduce the picture, or start the service with --max-mib." });
    }
    const { predictions } = await askJson("/v1/predict", posted(one.file));
    if (predictions[0].error) throw new Refusal(predictions[0].error);
    showAnswer(one, predictions[0]);
  } catch (error) {
    tally.failed++;
    one.answer.lastChild.replaceWith(make("p", { className: "trouble" }, ...troubles(error)));
    announce(`${shorten(one.name, 60)}: no answer. ${visible(error.message)}`);
  }
  tally.done++;
  one.card.classList.remove("waiting");
}

function showAnswer(one, { label, probability, sure }) {
  one.answer.lastChild.replaceWith(
    make("p", { className: "label" }, named(label, 40), sure ? badge("good", "✓", "sure") : badge("open", "?", "not sure")));
  if (!sure) {
    tally.unsure++;
    const [share, needed] = percents(probability[label], run.not_sure_below);
    one.answer.append(make("p", { className: "hint" }, `Only ${share}, and it takes ${needed} to be sure: look at this one yourself.`));
  }
  const explain = make("button", { type: "button", "aria-expanded": "false" }, "Show heatmap");
  explain.onclick = () => toggleHeatmap(one, label, explain);
  one.answer.append(bars(probability, label), make("div", { className: "does" }, explain));
  announce(`${shorten(one.name, 60)}: ${shorten(label, 40)}, ${percent(probability[label])}, ${sure ? "sure" : "not sure"}`);
}

async function toggleHeatmap(one, label, button) {
  const shown = one.card.classList.contains("explained");
  if (!shown && !one.heatmap) {
    button.disabled = true;
    button.textContent = "Looking…";
    one.answer.querySelector(".trouble")?.remove();
    try {
      const address = await askPicture("/v1/explain", posted(one.file));
      const image = make("img", { src: address, className: one.pictures.querySelector("img")?.className ?? "", alt: `Heatmap of ${shorten(one.name, 60)}: where the picture speaks for ${shorten(label, 40)}` });
      one.heatmap = make("figure", {}, make("div", { className: "thumb" }, image),
        make("figcaption", {}, make("span", { className: "key for" }), "speaks for ", named(label, 24), make("br"), make("span", { className: "key against" }), "speaks against"));
      one.pictures.append(one.heatmap);
      announce(`Heatmap of ${shorten(one.name, 60)} is shown`);
    } catch (error) {
      one.answer.append(make("p", { className: "trouble", role: "alert" }, ...troubles(error)));
      button.textContent = "Show heatmap";
      button.disabled = false;
      return;
    }
    button.disabled = false;
  }
  one.heatmap.hidden = shown;
  one.card.classList.toggle("explained", !shown);
  button.textContent = shown ? "Show heatmap" : "Hide heatmap";
  button.setAttribute("aria-expanded", !shown);
  button.focus();
}

function clearResults() {
  waiting.length = 0;
  $("results").replaceChildren();
  Object.assign(tally, { files: 0, done: 0, unsure: 0, failed: 0 });
  $("drop").classList.remove("small");
  showTally();
  $("files").focus();
}

$("files").addEventListener("change", () => {
  take([...$("files").files]);
  $("files").value = "";
});
$("clear").addEventListener("click", clearResults);

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length) {
    open("try");
    take(files);
  }
});

// Anywhere on the page: a picture dropped beside the frame would else be opened in place of the page.
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  $("drop").classList.add("over-it");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) $("drop").classList.remove("over-it");
});
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  $("drop").classList.remove("over-it");
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = entries.some((entry) => entry.isDirectory)
    ? (await Promise.all(entries.map(filesBelow))).flat()
    : [...event.dataTransfer.files];
  open("try");
  take(files);
});

async function filesBelow(entry) {
  if (entry.isFile) return entry.name.startsWith(".") ? [] : [await new Promise((done, fail) => entry.file(done, fail))];
  const reader = entry.createReader();
  const found = [];
  for (let some; (some = await new Promise((done, fail) => reader.readEntries(done, fail))).length; ) found.push(...some);
  return (await Promise.all(found.map(filesBelow))).flat();
}

// ---------------------------------------------------------------------------------------------------------- report

async function openReport() {
  if ($("report-frame").src) return;
  try {
    $("report-words").textContent = "";
    $("report-frame").src = (await askJson("/page/report", { method: "POST" })).address;
  } catch (error) {
    $("report-words").textContent = visible(error.message);
  }
}

$("report-alone").addEventListener("click", async () => {
  const { address } = await askJson("/page/report", { method: "POST" });
  window.open(address, "_blank", "noopener");
});

// --------------------------------------------------------------------------------------------------- checking labels

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

// ----------------------------------------------------------------------------------------------------------- begin

try {
  await openRun();
  open(TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : opened());
} catch (error) {
  $("verdict").replaceChildren(make("span", { className: "trouble", role: "alert" }, visible(error.message)));
  $("verdict").hidden = false;
}
