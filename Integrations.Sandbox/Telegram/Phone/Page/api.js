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

export async function call(method, path, body) {
  let response;
  try {
    response = await fetch("/sandbox/" + path, {
      method,
      cache: "no-store",
      headers: { Authorization: "Bearer " + token, ...(body ? { "Content-Type": "application/json" } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
  } catch {
    throw new Problem(0, "UNREACHABLE", "The sandbox does not answer. Is it running?");
  }
  if (response.status === 401) {
    refused();
    throw new Problem(401, "SANDBOX_TOKEN", "The token is not right.");
  }
  const text = await response.text();
  const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
  const answer = text && isJson ? JSON.parse(text) : null;
  if (!response.ok) throw new Problem(response.status, answer?.code, answer?.detail ?? answer?.title ?? `The sandbox answered ${response.status}.`);
  return answer;
}

// A path of the person who holds the phone.
export const mine = path => `people/${state.person.id}/${path}`;
