// Asking the service that the page came from, and nobody else.

import { $ } from "./words.js";

const TOKEN = "tellapart token"; // in this tab's memory only
const MOST_TRIES = 8; // where the service is busy

export class Refusal extends Error {
  constructor(said) {
    super([said.expected, said.found && `Found: ${said.found}.`, said.advice].filter(Boolean).join(" "));
    this.said = said;
  }
}

async function ask(path, options = {}, tries = 1) {
  const headers = new Headers(options.headers);
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  let response;
  try {
    // Without credentials the browser does not put its own question for a password over ours.
    response = await fetch(path, { ...options, headers, credentials: "omit" });
  } catch {
    throw new Refusal({ expected: "The service does not answer.", advice: "Is it still running? Then try again." });
  }
  if (response.status === 401) {
    await askToken(token);
    return ask(path, options, tries);
  }
  if ((response.status === 429 || response.status === 503) && tries < MOST_TRIES) {
    const seconds = Number(response.headers.get("Retry-After")) || 1;
    await new Promise((resolve) => setTimeout(resolve, 1000 * Math.min(10, seconds)));
    return ask(path, options, tries + 1);
  }
  if (!response.ok) {
    const document = await response.json().catch(() => null);
    throw new Refusal(document?.error ?? { expected: `The service answered with status ${response.status}.` });
  }
  return response;
}

export const askJson = async (path, options) => (await ask(path, options)).json();

export async function askPicture(path, options) {
  return URL.createObjectURL(await (await ask(path, options)).blob());
}

let asking = null;

/** Let the user type the token; `refused` is the one that was not taken. */
function askToken(refused) {
  if (sessionStorage.getItem(TOKEN) !== refused) return Promise.resolve(); // given while this request was under way
  asking ??= new Promise((resolve) => {
    $("token-trouble").textContent = refused ? "That is not the token." : "";
    $("token-form").onsubmit = (event) => {
      event.preventDefault();
      sessionStorage.setItem(TOKEN, $("token").value);
      $("token").value = $("token-trouble").textContent = "";
      $("ask-token").close();
      asking = null;
      resolve();
    };
    $("ask-token").oncancel = (event) => event.preventDefault();
    $("ask-token").showModal();
  });
  return asking;
}
