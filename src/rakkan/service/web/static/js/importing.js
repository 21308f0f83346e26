// Pictures from another tool: a folder or files, each told of by itself. What is here already is not sent again,
// so that an import that broke off goes on when it is begun once more.

import { follow } from "./jobs.js";
import { filled, post, refusal, words } from "./site.js";

const TYPES = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", webp: "image/webp" };
const LARGEST = 64 * 1024 * 1024;

const form = document.querySelector("[data-import]");
const say = words();
const part = (name) => form.querySelector(`[data-${name}]`);
const csrf = form.elements.namedItem("csrf").value;
const states = {
  waiting: say.import_waiting,
  sending: say.import_sending,
  looking: say.import_looking,
  in: say.import_in,
  known: say.import_known,
  refused: say.import_refused,
};
const run = { stopped: false, cancel: "", leave: null };

const ending = (file) => file.name.slice(file.name.lastIndexOf(".") + 1).toLowerCase();

/** The SHA-256 of a file in hexadecimal, "" where the browser has no means. */
async function digest(file) {
  if (!crypto.subtle) return "";
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sent(address, body, type) {
  return fetch(address, {
    method: "POST",
    body,
    headers: { Accept: "application/json", "Content-Type": type, "X-CSRF-Token": csrf },
    credentials: "same-origin",
  });
}

async function told(address, value) {
  const answer = await sent(address, JSON.stringify(value), "application/json");
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

/** A line for a file; `state` is waiting, sending, looking, in, known or refused. */
function row(file) {
  const line = document.createElement("li");
  const [name, state] = [document.createElement("span"), document.createElement("span")];
  name.className = "grow";
  name.textContent = file.name;
  state.className = "hint";
  line.append(name, state);
  part("list").append(line);
  const made = { file, digest: "", waiting: "", state: "" };
  made.set = (to, why = "", link = "") => {
    made.state = line.dataset.state = to;
    state.textContent = why || states[to];
    if (link) {
      const opener = Object.assign(document.createElement("a"), { href: link, textContent: file.name });
      name.replaceChildren(opener);
    }
    summed();
  };
  return made;
}

let rows = [];

function summed() {
  const count = (...states) => rows.filter((one) => states.includes(one.state)).length;
  const over = count("in", "known", "refused");
  part("progress").max = Math.max(rows.length, 1);
  part("progress").value = over;
  const values = { taken: count("in"), known: count("known"), refused: count("refused"), over, all: rows.length };
  part("status").textContent = filled(over === rows.length ? say.import_done : say.import_going, values);
}

async function retried(work) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const passing = error.status === undefined || [408, 429, 502, 503, 504].includes(error.status);
      if (!passing || attempt === 4 || run.stopped) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
    }
  }
}

/** Send what of a batch is not here yet, and have it let in. */
async function batch(some) {
  for (const one of some) one.digest = await digest(one.file).catch(() => "");
  const asked = some.map((one) => one.digest).filter(Boolean);
  const { known } = await retried(() => told("/account/import/known", { digests: asked }));
  for (const one of some) if (known.includes(one.digest)) one.set("known");
  const waiting = [];
  for (const one of some.filter((each) => each.state !== "known")) {
    if (run.stopped) return;
    one.set("sending");
    try {
      const answer = await retried(async () => {
        const reply = await sent("/account/import/picture", one.file, TYPES[ending(one.file)]);
        if (!reply.ok) throw await refusal(reply);
        return reply.json();
      });
      one.waiting = answer.waiting;
      one.set("looking");
      waiting.push(one);
    } catch (error) {
      one.set("refused", error.message);
    }
  }
  if (waiting.length && !run.stopped) await letIn(waiting);
}

function letIn(waiting) {
  const files = waiting.map((one) => ({ name: one.file.name.slice(0, 200), waiting: one.waiting }));
  return retried(() => told("/account/import/begin", { files })).then(
    (job) =>
      new Promise((resolve) => {
        run.cancel = job.cancel;
        const ended = () => {
          run.cancel = "";
          run.leave = null;
          resolve();
        };
        const leave = follow(job.events, {
          progress: () => {},
          done: (made) => {
            (made.files ?? []).forEach((one, place) => {
              if (one.picture) waiting[place].set("in", "", `/pictures/${one.picture}`);
              else waiting[place].set("refused", one.why);
            });
            ended();
          },
          failed: (error) => {
            for (const one of waiting) one.set("refused", error.message);
            ended();
          },
        });
        run.leave = () => {
          leave();
          ended();
        };
      }),
    (error) => waiting.forEach((one) => one.set("refused", error.message)),
  );
}

/** Whether a file goes by the form as it is: archives are unpacked by the service. */
const packed = (file) => ending(file) === "zip";

async function take(chosen) {
  const files = [...chosen].filter((file) => !file.name.startsWith(".") && !packed(file));
  const archives = [...chosen].filter(packed);
  if (!files.length && !archives.length) return;
  run.stopped = false;
  part("list").replaceChildren();
  part("work").hidden = false;
  part("stop").hidden = false;
  part("plain").hidden = true;
  rows = files.map(row);
  for (const one of rows) {
    if (!TYPES[ending(one.file)]) one.set("refused", say.import_type);
    else if (one.file.size > LARGEST) one.set("refused", say.import_large);
    else if (!one.file.size) one.set("refused", say.import_empty);
    else one.set("waiting");
  }
  const most = Number(form.dataset.most);
  const left = rows.filter((one) => one.state === "waiting");
  try {
    for (let start = 0; start < left.length && !run.stopped; start += most) await batch(left.slice(start, start + most));
    if (archives.length && !run.stopped) await unpacked(archives);
  } catch (error) {
    part("status").textContent = [error.message, error.hint].filter(Boolean).join(". ");
  }
  if (run.stopped) for (const one of rows) if (["waiting", "sending", "looking"].includes(one.state)) one.set("refused", say.cancelled);
  part("stop").hidden = true;
}

async function unpacked(archives) {
  const body = new FormData();
  body.set("csrf", csrf);
  for (const file of archives) body.append("files", file);
  await post(form.action, body);
  location.assign("/queue");
}

/** All files of what was dropped, folders and those in them too. */
async function dropped(items) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = [];
  while (entries.length && found.length < 20000) {
    const entry = entries.shift();
    if (entry.isFile) found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    else {
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!some.length) break;
        entries.push(...some);
      }
    }
  }
  return found;
}

function stop() {
  run.stopped = true;
  if (run.cancel) post(run.cancel, new URLSearchParams({ csrf })).catch(() => {});
  run.leave?.();
}

function listen() {
  part("plain").hidden = true;
  for (const input of form.querySelectorAll('input[type="file"]')) {
    input.addEventListener("change", () => {
      const chosen = [...input.files];
      input.value = "";
      take(chosen);
    });
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  part("stop").addEventListener("click", stop);
  const place = part("drop");
  place.addEventListener("dragover", (event) => {
    event.preventDefault();
    place.toggleAttribute("data-over", true);
  });
  place.addEventListener("dragleave", () => place.removeAttribute("data-over"));
  place.addEventListener("drop", async (event) => {
    event.preventDefault();
    place.removeAttribute("data-over");
    take(await dropped(event.dataTransfer.items));
  });
}

listen();
