// Chips write words into the prompt, and light up when the prompt has them: both ways.

import { read, write } from "./prompt.js";
import { roving, tabs } from "./tabs.js";

/** Show the chips of a form and keep them and its prompt in step; `changed` is called when a chip wrote. */
export function chips(place, prompt, lexicon, changed) {
  place.hidden = false;
  tabs(place.querySelector("[role=tablist]"));
  const rows = [...place.querySelectorAll("[data-slot]")];
  for (const row of rows) roving(row, row.querySelectorAll("button"));
  const light = () => lightUp(rows, place, read(lexicon, prompt.value));
  place.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-slot] button");
    if (!chip) return;
    const slot = chip.closest("[data-slot]").dataset.slot;
    const lit = chip.getAttribute("aria-pressed") === "true";
    prompt.value = write(lexicon, prompt.value, slot, lit ? "" : chip.value);
    light();
    changed();
  });
  prompt.addEventListener("input", light);
  light();
  return light;
}

function lightUp(rows, place, found) {
  for (const row of rows) {
    const value = found[row.dataset.slot]?.value;
    for (const chip of row.querySelectorAll("button")) {
      chip.setAttribute("aria-pressed", String(chip.value === value));
    }
  }
  for (const tab of place.querySelectorAll("[role=tab]")) {
    const panel = document.getElementById(tab.getAttribute("aria-controls"));
    tab.toggleAttribute("data-lit", Boolean(panel.querySelector('[aria-pressed="true"]')));
  }
}
