import { $, setText } from "./dom.js";

const SHOWN_MS = 4000;
let timer = 0;

// What happened, said in passing.
export function toast(text) {
  setText($("toast"), text);
  clearTimeout(timer);
  timer = setTimeout(() => setText($("toast"), ""), SHOWN_MS);
}
