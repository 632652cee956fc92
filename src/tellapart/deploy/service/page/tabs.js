// The three parts of the page.

import { $ } from "./words.js";

export const TABS = ["try", "labels", "report"];

/** Name of a tab -> what is done when it is opened. */
export const whenOpened = {};

export function open(name) {
  for (const one of TABS) {
    const chosen = one === name;
    $(one).hidden = !chosen;
    $(`tab-${one}`).setAttribute("aria-selected", chosen);
    $(`tab-${one}`).tabIndex = chosen ? 0 : -1;
  }
  history.replaceState(null, "", name === "try" ? "/" : `#${name}`);
  whenOpened[name]?.();
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

export const opened = () => TABS.find((name) => !$(name).hidden);
