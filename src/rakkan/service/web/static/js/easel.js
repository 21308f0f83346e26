// The picture on the easel: decoded before it is shown, so that nothing flickers, and with its state in words.

/** Controls of an easel: `show`, `state`, `progress`. */
export function easel(place, status) {
  const part = (name) => place.querySelector(`[data-${name}]`);
  const [sheet, blank, stamp, bar, open] = ["sheet", "blank", "stamp", "progress", "open"].map(part);
  let newest = 0;
  let owned = "";
  /** Show a picture by address; an older one that decodes later is dropped. */
  async function show(address, { sealed = false, link = "", alternative = "" } = {}) {
    const turn = ++newest;
    const next = new Image();
    next.src = address;
    try {
      await next.decode();
    } catch {
      return false;
    }
    if (turn !== newest) return false;
    sheet.src = address;
    sheet.alt = alternative;
    sheet.hidden = false;
    blank.hidden = true;
    stamp.hidden = !sealed;
    open.hidden = !link;
    if (link) open.href = link;
    if (owned && owned !== address) URL.revokeObjectURL(owned);
    owned = address.startsWith("blob:") ? address : "";
    return true;
  }
  /** What goes on (empty, draft, waiting, drawing, final, failed), and the words for it. */
  function state(name, text) {
    place.dataset.state = name;
    if (status.textContent !== text) status.textContent = text;
    if (name !== "drawing" && name !== "waiting") bar.hidden = true;
  }
  function progress(done, total) {
    bar.hidden = false;
    if (total) {
      bar.max = total;
      bar.value = done;
    } else {
      bar.removeAttribute("value");
    }
  }
  return { show, state, progress };
}
