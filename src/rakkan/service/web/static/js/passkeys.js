// Passkeys: signing in with one, and adding one to an account (WebAuthn, level 3, its JSON forms).

import { post, say } from "./site.js";

const ROUTES = {
  add: ["/account/passkeys/options", "/account/passkeys"],
  use: ["/sign-in/passkey/options", "/sign-in/passkey"],
};

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** The service's options with bytes where the browser wants them. */
function options(told) {
  const descriptors = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));
  const made = { ...told, challenge: bytes(told.challenge) };
  if (told.user) made.user = { ...told.user, id: bytes(told.user.id) };
  if (told.excludeCredentials) made.excludeCredentials = descriptors(told.excludeCredentials);
  if (told.allowCredentials) made.allowCredentials = descriptors(told.allowCredentials);
  return made;
}

/** A credential as JSON. */
function credential(made) {
  const response = { clientDataJSON: text(made.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[name]) response[name] = text(made.response[name]);
  }
  if (made.response.getTransports) response.transports = made.response.getTransports();
  return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
}

async function submit(form) {
  const way = form.dataset.passkey;
  const [begin, end] = ROUTES[way];
  const fields = new URLSearchParams(new FormData(form));
  const told = await (await post(begin, fields)).json();
  const publicKey = options(told.publicKey ?? told);
  const made = await navigator.credentials[way === "add" ? "create" : "get"]({ publicKey });
  if (told.ceremony) fields.set("ceremony", told.ceremony);
  fields.set("credential", credential(made));
  location.assign((await (await post(end, fields)).json()).next);
}

for (const form of document.querySelectorAll("[data-passkey]")) {
  form.hidden = !window.PublicKeyCredential;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form).catch((error) => error.name !== "NotAllowedError" && say([error.message, error.hint].filter(Boolean).join(". ")));
  });
}
