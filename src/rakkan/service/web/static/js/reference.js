// A reference picture: dropped, chosen or pasted, handed to the service, and named in the form from then on.

import { post } from "./site.js";

/** Take a picture into the form; `changed` is called when there is another or none, `failed` with an error. */
export function reference(form, place, { changed, failed }) {
  const part = (name) => place.querySelector(`[data-${name}]`);
  const [file, picture, how, clear, words] = ["file", "drop-picture", "drop-how", "drop-clear", "drop-words"].map(part);
  const named = form.elements.namedItem("reference");
  const show = (identifier, thumbnail) => {
    named.value = identifier;
    picture.hidden = how.hidden = !identifier;
    words.hidden = Boolean(identifier);
    if (identifier) picture.src = thumbnail;
    else picture.removeAttribute("src");
    changed();
  };
  async function take(chosen) {
    if (!chosen) return;
    const body = new FormData();
    body.set("csrf", form.elements.namedItem("csrf").value);
    body.set("picture", chosen);
    place.setAttribute("aria-busy", "true");
    try {
      const told = await (await post(form.dataset.reference, body)).json();
      show(told.reference, told.thumbnail);
    } catch (error) {
      failed(error);
    } finally {
      place.removeAttribute("aria-busy");
      file.value = "";
    }
  }
  file.addEventListener("change", () => take(file.files[0]));
  clear.addEventListener("click", () => {
    show("", "");
    file.focus();
  });
  place.addEventListener("dragover", (event) => {
    event.preventDefault();
    place.toggleAttribute("data-over", true);
  });
  place.addEventListener("dragleave", () => place.removeAttribute("data-over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.removeAttribute("data-over");
    take(event.dataTransfer.files[0]);
  });
}
