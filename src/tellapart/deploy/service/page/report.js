// The report of the run, in a frame that runs nothing.

import { askJson } from "./asking.js";
import { whenOpened } from "./tabs.js";
import { $, visible } from "./words.js";

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

whenOpened.report = openReport;
