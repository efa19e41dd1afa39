import { state } from "./state.js";

let token = localStorage.getItem("sandbox-token");
let refused = () => {};

export const hasToken = () => Boolean(token);
export const whenRefused = handler => { refused = handler; };

export function useToken(value) {
  token = value;
  localStorage.setItem("sandbox-token", value);
}

// What the sandbox answered instead of doing it, in words for the reader.
export class Problem extends Error {
  constructor(status, code, text) {
    super(text);
    this.status = status;
    this.code = code;
  }
}

async function ask(method, path, headers, body) {
  let response;
  try {
    response = await fetch("/sandbox/" + path, { method, cache: "no-store", headers: { Authorization: "Bearer " + token, ...headers }, body });
  } catch {
    throw new Problem(0, "UNREACHABLE", "The sandbox does not answer. Is it running?");
  }
  if (response.status === 401) {
    refused();
    throw new Problem(401, "SANDBOX_TOKEN", "The token is not right.");
  }
  if (response.ok) return response;
  const answer = await read(response);
  throw new Problem(response.status, answer?.code, answer?.detail ?? answer?.title ?? `The sandbox answered ${response.status}.`);
}

async function read(response) {
  const text = await response.text();
  return text && (response.headers.get("Content-Type") ?? "").includes("json") ? JSON.parse(text) : null;
}

export const call = async (method, path, body) =>
  read(await ask(method, path, body ? { "Content-Type": "application/json" } : {}, body ? JSON.stringify(body) : undefined));

// A form with files: the browser writes its head.
export const upload = async (path, form) => read(await ask("POST", path, {}, form));

export const fetchFile = async path => (await ask("GET", path, {})).blob();

// A path of the person who holds the phone.
export const mine = path => `people/${state.person.id}/${path}`;
