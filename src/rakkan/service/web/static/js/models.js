// A model is sent in parts, each of which is kept as soon as it is there: what broke off goes on where it ended,
// with the same file, today or tomorrow.

import { follow } from "./jobs.js";
import { filled, refusal, words } from "./site.js";

const PICKLES = /\.(ckpt|pt|pth|bin|pkl|zip)$/i;

const form = document.querySelector("[data-send]");
const say = words();
const part = (name) => form.querySelector(`[data-${name}]`);
const field = (name) => form.elements.namedItem(name);
const file = document.getElementById("model-file");
const run = { paused: false, going: false, control: null };

function state(text, bad = false) {
  part("status").textContent = text;
  part("status").classList.toggle("trouble", bad);
}

function progress(done, total) {
  part("work").hidden = false;
  part("progress").max = total;
  part("progress").value = done;
}

async function asked(method, address, body, type = "application/json") {
  const answer = await fetch(address, {
    method,
    body,
    headers: { Accept: "application/json", "Content-Type": type, "X-CSRF-Token": field("csrf").value },
    signal: run.control.signal,
    credentials: "same-origin",
  });
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

/** By what the same file is known again: its ends and its time, as a digest. */
async function mark(chosen) {
  if (!crypto.subtle) return `${chosen.size} ${chosen.lastModified}`;
  const ends = new Blob([chosen.slice(0, 65536), chosen.slice(-65536), String(chosen.size)]);
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await ends.arrayBuffer()));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Send the next part, again and again where the line is bad. */
async function next(address, chosen, at, size) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const data = chosen.slice(at, Math.min(at + size, chosen.size));
      return await asked("PUT", `${address}/${at}`, data, "application/octet-stream");
    } catch (error) {
      if (run.paused) throw error;
      if (error.status === 409) return asked("GET", address);
      const passing = error.status === undefined || [408, 429, 502, 503, 504].includes(error.status);
      if (!passing || attempt === 6) throw error;
      state(say.model_again);
      await new Promise((resolve) => setTimeout(resolve, 700 * 2 ** attempt));
    }
  }
}

async function send() {
  const chosen = file.files[0];
  if (!chosen || run.going) return;
  const wrong = refused(chosen);
  if (wrong) return state(wrong, true);
  Object.assign(run, { paused: false, going: true, control: new AbortController() });
  part("stop").hidden = false;
  part("go").disabled = true;
  try {
    const wish = {
      file: chosen.name,
      size: chosen.size,
      name: field("name").value,
      licence: field("licence").value,
      shared: field("shared").checked,
      mark: await mark(chosen),
    };
    let upload = await asked("POST", form.dataset.uploads, JSON.stringify(wish));
    const address = `${form.dataset.uploads}/${upload.id}`;
    while (upload.received < chosen.size && !run.paused) {
      progress(upload.received, chosen.size);
      state(filled(say.model_sending, { share: Math.floor((100 * upload.received) / chosen.size), name: chosen.name }));
      upload = await next(address, chosen, upload.received, upload.part);
    }
    if (!run.paused) await looked(await asked("POST", `${address}/finish`));
  } catch (error) {
    if (!run.paused) state([error.message, error.hint].filter(Boolean).join(". "), true);
  } finally {
    run.going = false;
    part("stop").hidden = true;
    part("go").disabled = false;
    if (run.paused) state(say.model_paused);
  }
}

/** Follow the worker that looks at the whole of it. */
function looked(job) {
  part("stop").hidden = true;
  state(say.model_looking);
  return new Promise((resolve) => {
    follow(`/studio/jobs/${job.id}/events`, {
      progress: ({ done, total }) => {
        progress(done, Math.max(total, 1));
        state(say.model_looking);
      },
      done: ({ remarks }) => {
        progress(1, 1);
        state(filled(say.model_in, { what: remarks.join(" ") }));
        setTimeout(() => location.assign("/models"), 1500);
        resolve();
      },
      failed: ({ message, hint }) => {
        part("work").hidden = true;
        state([message, hint].filter(Boolean).join(". "), true);
        resolve();
      },
    });
  });
}

/** Why a file is not even begun with, "" where it is. */
function refused(chosen) {
  if (PICKLES.test(chosen.name)) return say.model_pickle;
  if (!/\.safetensors$/i.test(chosen.name)) return say.model_type;
  return chosen.size > Number(form.dataset.largest) ? say.model_large : "";
}

function shown() {
  const chosen = file.files[0];
  if (!chosen) return;
  part("name").textContent = chosen.name;
  state(refused(chosen), true);
}

form.hidden = false;
file.addEventListener("change", shown);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
part("stop").addEventListener("click", () => {
  run.paused = true;
  run.control?.abort();
});
form.addEventListener("dragover", (event) => {
  event.preventDefault();
  form.toggleAttribute("data-over", true);
});
form.addEventListener("dragleave", () => form.removeAttribute("data-over"));
form.addEventListener("drop", (event) => {
  event.preventDefault();
  form.removeAttribute("data-over");
  if (event.dataTransfer.files.length !== 1) return;
  file.files = event.dataTransfer.files;
  shown();
});
