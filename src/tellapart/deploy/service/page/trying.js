// Pictures of the user, and what the model says of them.

import { askJson, askPicture, Refusal } from "./asking.js";
import { badge, bars, opening, run } from "./run.js";
import { open } from "./tabs.js";
import { $, announce, make, named, percent, percents, shorten, troubles, visible } from "./words.js";

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
    await opening;
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
