// The page of `tellapart serve`.

import "./labels.js";
import "./report.js";
import "./trying.js";
import { opening } from "./run.js";
import { open, opened, TABS } from "./tabs.js";
import { $, make, visible } from "./words.js";

try {
  await opening;
  open(TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : opened());
} catch (error) {
  $("verdict").replaceChildren(make("span", { className: "trouble", role: "alert" }, visible(error.message)));
  $("verdict").hidden = false;
}
