// Live drafts: only the newest is asked for, an older one in flight is aborted, and none comes back late.

import { refusal } from "./site.js";

/** `ask` soon draws a draft of the form; `stop` gives up. Told are `drawn` (blob, seconds) and `failed` (error). */
export function drafts(form, { wait = 60, patience = 400, drawn, failed }) {
  let timer = 0;
  let flight = null;
  let last = "";
  let started = 0;
  let again = false;
  let usual = 0;
  async function draw() {
    // One that is about to come is shown before the next is asked for: whoever types on sees something, also
    // where drawing takes longer than most hands rest.
    if (flight && performance.now() - started < Math.max(patience, 1.5 * usual)) {
      again = true;
      return;
    }
    const fields = new FormData(form);
    const same = new URLSearchParams([...fields].filter(([, value]) => typeof value === "string")).toString();
    if (same === last || !String(fields.get("prompt")).trim()) return;
    flight?.abort();
    const mine = (flight = new AbortController());
    const began = (started = performance.now());
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST", body: new URLSearchParams(same), signal: mine.signal, credentials: "same-origin",
        headers: { Accept: "image/webp, application/json" },
      });
      if (answer.status === 409) return;
      if (!answer.ok) throw await refusal(answer);
      const blob = await answer.blob();
      if (mine !== flight) return;
      last = same;
      const took = performance.now() - began;
      usual = Math.min(took, 2000);
      drawn(blob, took / 1000);
    } catch (error) {
      if (error.name !== "AbortError" && mine === flight) failed(error);
    } finally {
      if (mine === flight) flight = null;
      if (again && !flight) {
        again = false;
        draw();
      }
    }
  }
  function ask() {
    clearTimeout(timer);
    timer = setTimeout(draw, wait);
  }
  function stop() {
    clearTimeout(timer);
    flight?.abort();
    flight = null;
    again = false;
  }
  return { ask, stop, busy: () => flight !== null };
}
