// Tabs and rows of buttons that the arrow keys walk through, each one stop of the Tab key.

/** Arrow keys, Home and End move the focus within a group; only one of its buttons can be tabbed to. */
export function roving(group, buttons) {
  const list = [...buttons];
  const stop = (wanted) => list.forEach((button) => (button.tabIndex = button === wanted ? 0 : -1));
  stop(list[0]);
  group.addEventListener("focusin", (event) => list.includes(event.target) && stop(event.target));
  group.addEventListener("keydown", (event) => {
    const at = list.indexOf(event.target);
    const to = at < 0 ? undefined : target(event.key, at, list);
    if (to === undefined) return;
    event.preventDefault();
    list[to].focus();
  });
  return stop;
}

function target(key, at, list) {
  const last = list.length - 1;
  if (key === "ArrowRight") return at === last ? 0 : at + 1;
  if (key === "ArrowLeft") return at === 0 ? last : at - 1;
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key === "ArrowDown" || key === "ArrowUp") return neighbour(list, at, key === "ArrowDown" ? 1 : -1);
  return undefined;
}

/** The nearest button in the next line of the group, so that a grid is walked as it looks. */
function neighbour(list, at, way) {
  const here = list[at].getBoundingClientRect();
  let best;
  let least = Infinity;
  list.forEach((button, index) => {
    const there = button.getBoundingClientRect();
    const down = (there.top - here.top) * way;
    if (down <= here.height / 2) return;
    const far = down * 10 + Math.abs(there.left - here.left);
    if (far < least) [best, least] = [index, far];
  });
  return best;
}

/** A tab list: choosing a tab shows its panel. */
export function tabs(list) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const stop = roving(list, all);
  const choose = (chosen) => {
    for (const tab of all) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      document.getElementById(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
    stop(chosen);
    chosen.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(tab);
  });
  list.addEventListener("focusin", (event) => event.target.matches("[role=tab]:focus-visible") && choose(event.target));
}
