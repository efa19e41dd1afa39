export const $ = id => document.getElementById(id);

export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

export function button(text, className, press) {
  const node = element("button", className, text);
  node.type = "button";
  node.addEventListener("click", press);
  return node;
}

// Writes only what differs: an untouched node neither flickers nor is read out again.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Makes the children of a list those of the items, keeping the node of each key, and with it focus and scroll position.
export function reconcile(list, items, keyOf, create, update) {
  const known = new Map([...list.children].map(node => [node.dataset.key, node]));
  const focused = document.activeElement;
  items.forEach((item, index) => {
    const key = String(keyOf(item));
    let node = known.get(key);
    known.delete(key);
    if (!node) {
      node = create(item);
      node.dataset.key = key;
    }
    update?.(node, item);
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
  for (const node of known.values()) node.remove();
  if (focused !== document.activeElement && focused && list.contains(focused)) focused.focus({ preventScroll: true });
}

// A list that is empty says so.
export function fill(list, items, keyOf, create, whenEmpty, update) {
  if (items.length) reconcile(list, items, keyOf, create, update);
  else reconcile(list, [whenEmpty], text => "empty: " + text, text => element("li", "empty", text));
}

// Copies a value and says on the button that it did.
export function copyButton(value, what) {
  const node = button("Copy", "copy", async () => {
    try {
      await navigator.clipboard.writeText(value);
      node.textContent = "Copied";
    } catch {
      node.textContent = "Select and copy it by hand";
    }
    setTimeout(() => { node.textContent = "Copy"; }, 2000);
  });
  node.setAttribute("aria-label", "Copy " + what);
  return node;
}

const ICONS = {
  channel: "M4 10v4h3l8 5V5l-8 5zM18 9a4 4 0 0 1 0 6",
  group: "M9 5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM3 19c.8-3.2 3-4.5 6-4.5s5.2 1.3 6 4.5M16 6a3 3 0 0 1 0 6M18 14.5c1.8.5 2.7 2 3.2 4.5",
  topics: "M9 4L7 20M17 4l-2 16M4 9h17M3 15h17",
  bot: "M5 9h14v10H5zM12 9V5M9 13h.01M15 13h.01M9.5 16h5",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
};

// A small drawing beside a name; what it says is said in words too.
export function icon(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("class", "sign");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}
