// The Create page: words, chips and sliders draw drafts; letting go draws the picture that is kept.

import { chips } from "./chips.js";
import { drafts } from "./drafts.js";
import { easel } from "./easel.js";
import { follow } from "./jobs.js";
import { dictionary } from "./prompt.js";
import { reference } from "./reference.js";
import { filled, post, say as note, words } from "./site.js";
import { suggest } from "./suggest.js";

/** Milliseconds without a change after which the picture is drawn for good. */
const QUIET = 700;

const form = document.getElementById("create");
const say = words();
const field = (name) => form.elements.namedItem(name);
const part = (name) => form.querySelector(`[data-${name}]`);
const stand = easel(part("easel"), part("status"));
const lexicon = dictionary(JSON.parse(document.getElementById("phrases").textContent));
const job = { leave: null, cancel: "", made: "", quiet: 0, patient: false, asked: false };

const live = drafts(form, {
  drawn: async (blob, seconds) => {
    if (job.leave) return;
    const shown = await stand.show(URL.createObjectURL(blob), { alternative: alternative() });
    if (shown && !job.leave) stand.state("draft", filled(say.draft, { seconds: seconds.toFixed(2) }));
  },
  failed: (error) => stand.state("failed", [error.message, error.hint].filter(Boolean).join(". ")),
});

function alternative() {
  return filled(say.alternative, { words: field("prompt").value.slice(0, 120) });
}

/** Everything the picture depends on, as one text. */
function wanted() {
  const fields = [...new FormData(form)].filter(([name, value]) => name !== "csrf" && typeof value === "string");
  return new URLSearchParams(fields).toString();
}

/** Something changed: a draft soon, and the picture itself once it is quiet. */
function changed() {
  if (job.leave) supersede();
  live.ask();
  clearTimeout(job.quiet);
  job.patient = false;
  job.quiet = setTimeout(letGo, QUIET);
}

/** What is being drawn is no longer wanted, unless it was asked for by the button: then it goes on in the queue. */
function supersede() {
  if (job.asked) note(say.goes_on);
  else if (job.cancel) cancelled(job.cancel);
  job.made = "";
  ended();
}

/** Draw for good, unless this very picture is there; whoever is choosing a suggestion is waited for longer. */
function letGo() {
  if (!field("prompt").value.trim() || wanted() === job.made) return;
  if (!document.getElementById("suggestions").hidden && !job.patient) {
    job.patient = true;
    job.quiet = setTimeout(letGo, 2 * QUIET);
    return;
  }
  draw();
}

async function draw(asked = false) {
  clearTimeout(job.quiet);
  live.stop();
  job.leave?.();
  const mine = (job.leave = () => {});
  job.made = wanted();
  job.asked = asked;
  part("cancel").hidden = false;
  stand.state("waiting", say.waiting);
  stand.progress(0, 0);
  try {
    if (job.cancel) cancelled(job.cancel);
    const told = await (await post(form.action, new URLSearchParams(new FormData(form)))).json();
    if (job.leave !== mine) return cancelled(told.cancel);
    job.cancel = told.cancel;
    job.leave = follow(told.events, { progress, done, failed });
  } catch (error) {
    if (job.leave === mine) failed(error);
  }
}

function progress({ done, total }) {
  stand.state("drawing", filled(say.drawing, { done, total }));
  stand.progress(done, total);
}

async function done({ picture, url }) {
  ended();
  const shown = await stand.show(url, { sealed: true, link: `/pictures/${picture}`, alternative: alternative() });
  if (shown) stand.state("final", say.sealed);
}

function failed({ message, hint }) {
  ended();
  job.made = "";
  stand.state("failed", [message, hint].filter(Boolean).join(". "));
}

function ended() {
  job.leave?.();
  job.leave = null;
  job.cancel = "";
  part("cancel").hidden = true;
}

/** Tell the service to stop; it does not matter when it is too late. */
function cancelled(address) {
  const body = new URLSearchParams({ csrf: field("csrf").value });
  post(address, body).catch(() => {});
}

function cancel() {
  if (job.cancel) cancelled(job.cancel);
  live.stop();
  ended();
  stand.state("draft", say.cancelled);
  part("draw").focus();
}

function dice() {
  field("seed").value = Math.floor(Math.random() * Number(field("seed").max));
  changed();
}

/** With an open lock every drawing by the button takes another seed; a shut one keeps it. */
function submit(event) {
  event.preventDefault();
  const open = part("lock").getAttribute("aria-pressed") === "false";
  if (open && wanted() === job.made) field("seed").value = Math.floor(Math.random() * Number(field("seed").max));
  draw(true);
}

function listen() {
  form.addEventListener("submit", submit);
  form.addEventListener("input", (event) => {
    const output = event.target.id && form.querySelector(`output[for="${event.target.id}"]`);
    if (output) output.value = event.target.value;
    if (event.target.name && event.target.type !== "file") changed();
  });
  form.addEventListener("change", (event) => {
    if (event.target.type === "range" || event.target.tagName === "SELECT") letGo();
  });
  part("saved")?.addEventListener("change", ({ currentTarget: saved }) => {
    if (saved.value) written(saved.value);
  });
  for (const button of form.querySelectorAll("[data-wildcard]")) {
    const joined = () => [field("prompt").value.trim(), button.textContent].filter(Boolean).join(", ");
    button.addEventListener("click", () => written(joined()));
  }
  part("dice").addEventListener("click", dice);
  part("cancel").addEventListener("click", cancel);
  part("lock").addEventListener("click", ({ currentTarget: lock }) => {
    lock.setAttribute("aria-pressed", String(lock.getAttribute("aria-pressed") === "false"));
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    if (event.key === "Escape" && !part("cancel").hidden) cancel();
  });
}

/** Put words into the prompt as if they had been typed. */
function written(text) {
  field("prompt").value = text;
  field("prompt").dispatchEvent(new Event("input", { bubbles: true }));
}

function start() {
  const light = chips(part("chips"), field("prompt"), lexicon, changed);
  const phrases = [...new Set(lexicon.entries.filter((entry) => entry.slot).map((entry) => entry.text))].sort();
  suggest(field("prompt"), document.getElementById("suggestions"), phrases, () => {
    light();
    changed();
  });
  reference(form, part("drop"), { changed, failed: (error) => stand.state("failed", error.message) });
  listen();
  if (field("prompt").value.trim() && part("easel").dataset.state === "empty") live.ask();
}

start();
