// Reading and writing prompts as the starter model does: which words fill which slot, and how to change them.
//
// A *phrase* is one of a value; adjectives (colours, patterns) belong to the noun beside them. This is the
// lexicon's small sister: it lights chips and writes words, what counts is read by the model itself.

/** Slots of adjectives, with the word that carries them when nothing else does. */
const NOUNS = {
  hair_colour: "hair",
  eye_colour: "eyes",
  outfit_colour: "outfit",
  outfit_pattern: "outfit",
  accessory_colour: "accessories",
  background_colour: "background",
};
/** Which phrases can carry which adjectives. */
const CARRIERS = {
  hair: ["hairstyle"],
  eyes: ["eye_shape"],
  outfit: ["outfit"],
  accessories: ["accessory head", "accessory hair", "accessory face", "accessory ears", "accessory neck"],
  background: ["background"],
};
const PLAIN_NOUNS = { hair: "hair", eyes: "eyes", eye: "eyes", outfit: "outfit", clothes: "outfit",
  accessories: "accessories", background: "background" };
/** What brings its own colours, so that no adjective belongs to it. */
const COLOURLESS = new Set(["cat ears", "fox ears", "rabbit ears", "horns", "halo", "crown", "straw hat", "glasses",
  "round glasses", "sunglasses", "eyepatch", "necklace", "blue sky", "night sky", "sunset", "city", "night city",
  "forest", "cherry blossoms", "beach", "mountains", "snow", "library", "room"]);
/** What ends a clause; adjectives do not reach across. */
const CLAUSES = /[,;\n]|\.(?=\s|$)|\band\b|\bwith\b/gi;

/** Everything that can be found in a text, longest first: {text, kind, slot, value, noun}. */
export function dictionary(table) {
  const entries = [];
  const adjectives = new Map();
  for (const [slot, values] of Object.entries(table)) {
    for (const [value, phrases] of Object.entries(values)) {
      for (const text of phrases) {
        const low = text.toLowerCase();
        if (slot in NOUNS) {
          if (!adjectives.has(low)) adjectives.set(low, {});
          adjectives.get(low)[slot] = value;
        } else {
          entries.push({ text: low, slot, value, noun: COLOURLESS.has(value) ? "" : nounOf(slot) });
        }
      }
    }
  }
  for (const [text, noun] of Object.entries(PLAIN_NOUNS)) entries.push({ text, slot: "", value: "", noun });
  for (const [text, slots] of adjectives) entries.push({ text, adjective: slots });
  entries.sort((one, other) => other.text.length - one.text.length);
  return { table, entries };
}

function nounOf(slot) {
  return Object.keys(CARRIERS).find((noun) => CARRIERS[noun].includes(slot)) ?? "";
}

/** What a prompt says: slot -> {value, start, end, clause}. Where two say it the later counts, as in the model. */
export function read(words, text) {
  const found = {};
  for (const clause of clauses(text)) {
    const items = scan(words, text, clause);
    for (const [index, item] of items.entries()) {
      if (item.adjective) {
        const noun = carrier(items, index);
        const slot = Object.keys(item.adjective).find((name) => NOUNS[name] === noun?.noun);
        if (slot) found[slot] = { value: item.adjective[slot], start: item.start, end: item.end, clause, noun };
      } else if (item.slot) {
        found[item.slot] = { value: item.value, start: item.start, end: item.end, clause };
      }
    }
  }
  return found;
}

function clauses(text) {
  const found = [];
  let start = 0;
  for (const match of text.matchAll(CLAUSES)) {
    found.push({ start, end: match.index });
    start = match.index + match[0].length;
  }
  found.push({ start, end: text.length });
  return found.filter(({ start, end }) => text.slice(start, end).trim());
}

/** The known phrases of a clause, in their order, none within another. */
function scan(words, text, clause) {
  const low = text.slice(clause.start, clause.end).toLowerCase().replaceAll("_", " ");
  const taken = new Uint8Array(low.length);
  const items = [];
  for (const entry of words.entries) {
    for (let at = low.indexOf(entry.text); at >= 0; at = low.indexOf(entry.text, at + 1)) {
      const end = at + entry.text.length;
      if (/[\p{L}\d-]/u.test((low[at - 1] ?? " ") ) || /[\p{L}\d-]/u.test(low[end] ?? " ")) continue;
      if (taken.subarray(at, end).some(Boolean)) continue;
      taken.fill(1, at, end);
      items.push({ ...entry, start: clause.start + at, end: clause.start + end });
    }
  }
  return items.sort((one, other) => one.start - other.start);
}

/** The noun an adjective belongs to: the next in its clause, else the one before. */
function carrier(items, index) {
  const after = items.slice(index + 1).find((item) => item.noun);
  return after ?? items.slice(0, index).reverse().find((item) => item.noun);
}

/** The prompt with a slot filled by a value, or emptied (`value` is ""). */
export function write(words, text, slot, value) {
  const found = read(words, text);
  const phrase = value ? words.table[slot][value][0] : "";
  if (value && found[slot]) return splice(text, found[slot].start, found[slot].end, phrase);
  if (value) return slot in NOUNS ? described(words, text, found, slot, phrase) : added(words, text, found, slot, phrase);
  return found[slot] ? without(words, text, found, slot) : text;
}

function splice(text, start, end, put) {
  return text.slice(0, start) + put + text.slice(end);
}

/** An adjective goes before what can carry it, else it comes with its plain noun. */
function described(words, text, found, slot, phrase) {
  const noun = NOUNS[slot];
  const items = clauses(text).flatMap((clause) => scan(words, text, clause));
  const at = items.find((item) => item.noun === noun && (item.slot || item.text === noun));
  if (!at) return appended(text, `${phrase} ${noun}`);
  const pattern = found.outfit_pattern;
  const start = slot === "outfit_colour" && pattern?.noun?.start === at.start ? pattern.start : at.start;
  return splice(text, start, start, `${phrase} `);
}

/** A phrase takes the place of a plain noun that an adjective stands before, else it comes at the end. */
function added(words, text, found, slot, phrase) {
  const noun = nounOf(slot);
  const adjective = Object.entries(found).find(([name, item]) => NOUNS[name] === noun && item.noun?.slot === "");
  if (noun && adjective) {
    const { start, end } = adjective[1].noun;
    return splice(text, start, end, phrase);
  }
  return slot === "presentation" && text.trim() ? `${phrase}, ${text.trim()}` : appended(text, phrase);
}

function appended(text, phrase) {
  const before = text.replace(/[\s,]+$/, "");
  return before ? `${before}, ${phrase}` : phrase;
}

/** The prompt without a slot's words; an adjective that stays gets a plain noun, one that goes takes it along. */
function without(words, text, found, slot) {
  const { start, end, clause, noun } = found[slot];
  if (slot in NOUNS) {
    const others = Object.entries(found).some(([name, item]) => name !== slot && item.noun?.start === noun.start);
    if (noun.slot === "" && !others) return tidied(splice(text, clause.start, clause.end, ""), clause.start);
    return splice(text, start, end, "").replace(/ {2,}/g, " ").replace(/(^|, ?) /g, "$1");
  }
  const kept = Object.entries(found).some(([, item]) => item.noun?.start === start);
  if (kept) return splice(text, start, end, nounOf(slot));
  return tidied(splice(text, start, end, ""), start);
}

/** No separators left over where words went. */
function tidied(text) {
  return text.replace(/ {2,}/g, " ").replace(/(,\s*)(?=,)/g, "").replace(/^[\s,]+|[\s,]+$/g, "").replace(/\s+,/g, ",");
}
