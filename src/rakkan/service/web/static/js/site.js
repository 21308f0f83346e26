// What every page has: it says that scripts run, keeps the theme, closes what is open, and says things briefly.

const root = document.documentElement;
root.classList.add("js");

/** The page's words for modules, from the JSON that the template left. */
export function words() {
  const element = document.getElementById("words");
  return element ? JSON.parse(element.textContent) : {};
}

/** Fill the {placeholders} of a text. */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Say something for a few seconds where it disturbs nothing. */
export function say(text) {
  const place = document.querySelector("[data-toasts]");
  if (!place || !text) return;
  const note = document.createElement("p");
  note.textContent = text;
  place.append(note);
  setTimeout(() => note.remove(), 6000);
}

/** POST a form's fields and read JSON; what the service refuses becomes an Error with its hint. */
export async function post(address, body, signal) {
  const headers = { Accept: "application/json" };
  const answer = await fetch(address, { method: "POST", body, headers, signal, credentials: "same-origin" });
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

/** What an answer that is no success says, as an Error with `hint` and `status`. */
export async function refusal(answer) {
  const fallback = { message: `${answer.status} ${answer.statusText}`, hint: "" };
  const told = await answer.json().then((body) => body.error ?? fallback, () => fallback);
  return Object.assign(new Error(told.message), { hint: told.hint ?? "", status: answer.status });
}

function keepTheme() {
  const form = document.querySelector("[data-theme-switch]");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    const dark = getComputedStyle(root).colorScheme.includes("light dark")
      ? matchMedia("(prefers-color-scheme: dark)").matches
      : root.dataset.theme === "dark";
    const theme = dark ? "light" : "dark";
    root.dataset.theme = theme;
    document.cookie = `rakkan-theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax`;
  });
}

function closeOnEscape() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = event.target.closest?.("details[open].menu");
    if (!open) return;
    open.open = false;
    open.querySelector("summary")?.focus();
  });
}

function copyButtons() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    await navigator.clipboard?.writeText(source?.href ?? source?.textContent ?? "");
    say(button.dataset.copied);
  });
}

/** Refused htmx requests say why, as the others do. */
function tellRefusals() {
  document.addEventListener("htmx:responseError", (event) => {
    const text = event.detail.xhr.responseText;
    try {
      say(JSON.parse(text).error.message);
    } catch {
      say(`${event.detail.xhr.status} ${event.detail.xhr.statusText}`);
    }
  });
}

/** Moments in the reader's own zone; the page has them in UTC. */
function tellTimes() {
  const shape = new Intl.DateTimeFormat(root.lang, { dateStyle: "medium", timeStyle: "short" });
  for (const element of document.querySelectorAll("time[datetime*='T']:not([title])")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    element.title = element.textContent;
    element.textContent = shape.format(moment);
  }
}

keepTheme();
tellTimes();
document.addEventListener("htmx:load", tellTimes);
closeOnEscape();
copyButtons();
tellRefusals();
