// New pictures are put at the front as they come; arrow keys walk from one to the next.
"use strict";

const SECONDS = 4;
const main = document.getElementById("pictures");
const card = document.getElementById("card");
const filter = document.getElementById("filter");
const slider = document.getElementById("creativity");
const known = new Set(Array.from(main.children, (figure) => figure.dataset.file));

function made(one) {
  const figure = card.content.firstElementChild.cloneNode(true);
  const told = one.seed === null ? "" : `seed ${one.seed} · creativity ${one.creativity}`;
  figure.dataset.creativity = one.creativity;
  figure.dataset.file = one.file;
  figure.querySelector("a").href = one.file;
  const image = figure.querySelector("img");
  image.alt = one.words || "A character";
  image.width = one.width;
  image.height = one.height;
  image.src = one.file;
  const [words, facts] = figure.querySelectorAll("p");
  words.textContent = one.words;
  facts.textContent = told;
  const again = figure.querySelector("code");
  again.textContent = `rakkan create "${one.words}" --seed ${one.seed}`;
  if (one.seed === null) again.remove();
  return figure;
}

function sift() {
  const most = Number(slider.value);
  document.getElementById("shown").value = most.toFixed(2);
  const all = Array.from(main.children);
  for (const figure of all) figure.hidden = Number(figure.dataset.creativity) > most + 1e-9;
  filter.hidden = new Set(all.map((figure) => figure.dataset.creativity)).size < 2;
}

window.rakkanGallery = (told) => {
  for (const one of told.shown) {
    if (known.has(one.file)) continue;
    known.add(one.file);
    main.prepend(made(one));
  }
  document.getElementById("count").textContent = told.shown.length;
  sift();
};

function look() {
  const script = document.createElement("script");
  script.src = `pictures.js?${Date.now()}`;
  script.onload = script.onerror = () => {
    script.remove();
    setTimeout(look, 1000 * SECONDS);
  };
  document.head.append(script);
}

main.addEventListener("keydown", (event) => {
  const links = Array.from(main.querySelectorAll("figure:not([hidden]) a"));
  const here = links.indexOf(document.activeElement);
  const row = getComputedStyle(main).gridTemplateColumns.split(" ").length;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row };
  const next = here < 0 ? undefined : links[here + (steps[event.key] ?? NaN)];
  if (next) {
    next.focus();
    event.preventDefault();
  }
});

slider.addEventListener("input", sift);
sift();
look();
