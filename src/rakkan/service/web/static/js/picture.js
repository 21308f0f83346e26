// The Picture page: what is to change is said, and where by a brush, a rectangle or the names of parts.

import { brush } from "./brush.js";
import { easel } from "./easel.js";
import { follow } from "./jobs.js";
import { filled, post, words } from "./site.js";

const say = words();
const form = document.getElementById("edit");

function painting(form) {
  const part = (name) => form.querySelector(`[data-${name}]`);
  const place = document.querySelector("[data-canvas-place]");
  const mask = { brush: null };
  const begin = (on = true) => {
    mask.brush ??= brush(place, place.querySelector("[data-sheet]"), say.mask);
    mask.brush.canvas.hidden = part("brush-tools").hidden = !on;
    part("paint").setAttribute("aria-pressed", String(on));
    return mask.brush;
  };
  part("brush").hidden = part("rectangle").hidden = false;
  part("paint").addEventListener("click", ({ currentTarget }) => {
    begin(currentTarget.getAttribute("aria-pressed") === "false");
  });
  for (const button of form.querySelectorAll("[data-tool]")) {
    button.addEventListener("click", () => {
      begin().tool(button.dataset.tool);
      for (const one of form.querySelectorAll("[data-tool]")) one.setAttribute("aria-pressed", String(one === button));
    });
  }
  for (const name of ["undo", "invert", "clear"]) part(name).addEventListener("click", () => begin()[name]());
  part("size").addEventListener("input", ({ currentTarget }) => begin().size(Number(currentTarget.value)));
  part("rectangle").addEventListener("click", () => addRectangle(form, begin()));
  return mask;
}

function addRectangle(form, mask) {
  const numbers = ["left", "top", "width", "height"].map((name) => Number(form.elements.namedItem(name).value));
  mask.rectangle(...numbers);
}

/** The form's fields, with the painted mask in place of the numbers it was made from. */
async function fields(form, mask) {
  const body = new FormData(form);
  if (mask.brush && !mask.brush.canvas.hidden && !mask.brush.empty()) {
    for (const name of ["left", "top", "width", "height"]) body.delete(name);
    body.set("mask", await mask.brush.png(), "mask.png");
  }
  return body;
}

function editing(form) {
  const mask = painting(form);
  const stand = easel(document.querySelector("[data-easel]"), document.querySelector("[data-status]"));
  const failed = ({ message, hint }) => stand.state("failed", [message, hint].filter(Boolean).join(". "));
  form.addEventListener("input", ({ target }) => {
    const output = target.id && form.querySelector(`output[for="${target.id}"]`);
    if (output) output.value = target.value;
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    stand.state("waiting", say.waiting);
    stand.progress(0, 0);
    try {
      const told = await (await post(form.action, await fields(form, mask))).json();
      follow(told.events, {
        progress: ({ done, total }) => {
          stand.state("drawing", filled(say.drawing, { done, total }));
          stand.progress(done, total);
        },
        done: async ({ picture, url }) => {
          await stand.show(url, { sealed: true, link: `/pictures/${picture}`, alternative: form.elements.instruction.value });
          if (mask.brush) mask.brush.canvas.hidden = true;
          stand.state("final", say.sealed);
        },
        failed,
      });
    } catch (error) {
      failed(error);
    }
  });
}

/** A comment that is on the page need not stand in its box as well. */
function clearAfter() {
  for (const one of document.querySelectorAll("[data-clear-after]")) {
    one.addEventListener("htmx:afterRequest", (event) => event.detail.successful && event.target === one && one.reset());
  }
}

if (form) editing(form);
clearAfter();
