// The run in a few words, and how its answers are drawn.

import { askJson } from "./asking.js";
import { $, make, named, percent, shorten, visible } from "./words.js";

export let run = null;

const SIGNS = { trustworthy: ["good", "✓"], "too few to tell": ["open", "?"] };

export function badge(tone, sign, words) {
  return make("span", { className: `badge ${tone}` }, make("span", { "aria-hidden": "true" }, sign), words);
}

/** Settles when `run` is known, or rejects with the reason why it cannot be; what is chosen before then waits for it. */
export const opening = openRun();

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
export function bars(probabilities, said) {
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
