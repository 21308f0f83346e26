// Words that fit what is being typed, under the prompt: arrows choose, Enter or Tab takes, Escape closes.

const MOST = 8;

/** Suggest `phrases` (texts) for the word at the caret; `changed` is called when one was taken. */
export function suggest(prompt, list, phrases, changed) {
  const state = { shown: [], at: -1, start: 0, typed: 0 };
  const close = () => {
    list.hidden = true;
    state.at = -1;
    prompt.removeAttribute("aria-activedescendant");
  };
  const take = (text) => {
    const { end } = wordAt(prompt);
    const { start } = state;
    const tail = prompt.value.slice(end);
    prompt.setRangeText(tail.trimStart().startsWith(",") ? text : `${text}, `, start, end, "end");
    close();
    changed();
  };
  const show = () => {
    const word = wordAt(prompt);
    Object.assign(state, fitting(phrases, word.text));
    state.start = word.end - state.typed;
    state.at = -1;
    list.replaceChildren(...state.shown.map(option));
    list.hidden = !state.shown.length;
    prompt.removeAttribute("aria-activedescendant");
  };
  prompt.setAttribute("aria-autocomplete", "list");
  prompt.setAttribute("aria-controls", list.id);
  prompt.addEventListener("input", show);
  prompt.addEventListener("blur", () => setTimeout(close, 120));
  prompt.addEventListener("keydown", (event) => onKey(event, state, list, { close, take, prompt }));
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const chosen = event.target.closest("li");
    if (chosen) take(chosen.dataset.text);
  });
}

function onKey(event, state, list, { close, take, prompt }) {
  if (list.hidden) return;
  if (event.key === "Escape") {
    event.stopPropagation();
    return close();
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    state.at = (state.at + step + state.shown.length + (state.at < 0 && step < 0 ? 1 : 0)) % state.shown.length;
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === state.at)));
    prompt.setAttribute("aria-activedescendant", list.children[state.at].id);
  } else if ((event.key === "Enter" || event.key === "Tab") && state.at >= 0) {
    event.preventDefault();
    take(state.shown[state.at]);
  }
}

/** The words since the last comma, up to the caret. */
function wordAt(prompt) {
  const end = prompt.selectionStart;
  const before = prompt.value.slice(0, end);
  const text = before.slice(Math.max(before.lastIndexOf(","), before.lastIndexOf("\n")) + 1);
  return { end, text: text.trimStart().toLowerCase() };
}

/** The phrases that go on from the last words of a text, as many of these as can be, and how long they are. */
function fitting(phrases, text) {
  const words = text.split(/\s+/);
  for (let from = 0; from < words.length; from++) {
    const typed = words.slice(from).join(" ");
    if (typed.length < 2) break;
    const first = phrases.filter((phrase) => phrase.startsWith(typed) && phrase !== typed);
    const rest = phrases.filter((phrase) => !phrase.startsWith(typed) && phrase.includes(` ${typed}`));
    const shown = [...first, ...rest].slice(0, MOST);
    if (shown.length) return { shown, typed: typed.length };
  }
  return { shown: [], typed: 0 };
}

function option(text, index) {
  const item = document.createElement("li");
  Object.assign(item, { id: `suggestion-${index}`, role: "option", textContent: text });
  item.dataset.text = text;
  item.setAttribute("aria-selected", "false");
  return item;
}
