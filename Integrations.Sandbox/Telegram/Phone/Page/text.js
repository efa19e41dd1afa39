import { button, element } from "./dom.js";

const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "q", spoiler: "mark", text_link: "a" };

// Addresses, and what Telegram makes a link of by itself: commands and public names.
const FOUND = /(https?:\/\/[^\s<>"]+|\bt\.me\/[\w+/-]+)|(^|\s)(\/[a-z_]{2,32}(?:@\w{5,32})?)\b|(^|\s)(@\w{5,32})\b/gi;

let follow = () => {};

// Who opens links into this Telegram and sends what was pressed.
export function whenFollowed(handler) {
  follow = handler;
}

// A text with its formatting. Nothing of it is ever read as HTML.
export function formatted(text, entities, { isPressable }) {
  const node = element("span", "text");
  let at = 0;
  for (const entity of entities) {
    if (entity.offset < at) continue;
    node.append(...linked(text.slice(at, entity.offset), isPressable));
    at = entity.offset + entity.length;
    const piece = element(TAGS[entity.kind] ?? "span", "", text.slice(entity.offset, at));
    if (entity.kind === "text_link") lead(piece, entity.url);
    node.append(piece);
  }
  node.append(...linked(text.slice(at), isPressable));
  return node;
}

function linked(text, isPressable) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(FOUND)) {
    const [whole, address, , command, , name] = match;
    const shown = address ?? command ?? name;
    const from = match.index + whole.length - shown.length;
    if (!address && !isPressable) continue;
    nodes.push(text.slice(at, from));
    at = from + shown.length;
    if (address) nodes.push(lead(element("a", "", shown), address));
    else nodes.push(button(shown, "link", () => follow({ say: shown })));
  }
  nodes.push(text.slice(at));
  return nodes;
}

// A link of this Telegram stays in it; another opens in a window that knows nothing of this one.
function lead(node, address) {
  const inside = address.match(/^(?:https?:\/\/)?t\.me\/(.+)$/i);
  if (!inside && !/^https?:\/\//i.test(address)) return node;
  node.href = inside ? "https://t.me/" + inside[1] : address;
  node.rel = "noreferrer noopener";
  node.target = "_blank";
  if (inside) {
    node.addEventListener("click", event => {
      event.preventDefault();
      follow({ link: inside[1] });
    });
  }
  return node;
}
