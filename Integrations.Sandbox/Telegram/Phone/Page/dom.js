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
