import { $, button, element } from "./dom.js";
import { toast } from "./toast.js";

const GAP = 4;
let opener = null;

// A menu at a button: arrows move, Escape and a click elsewhere close it, and the button has the focus again.
export function openMenu(anchor, items) {
  const menu = $("menu");
  opener = anchor;
  menu.replaceChildren(...items.map(({ text, danger, press }) => {
    const item = button(text, danger ? "danger" : "", async () => {
      menu.hidePopover();
      try {
        await press();
      } catch (problem) {
        if (problem.status === undefined) throw problem;
        toast(problem.message);
      }
    });
    item.setAttribute("role", "menuitem");
    item.tabIndex = -1;
    return element("li", "", item);
  }));
  for (const row of menu.children) row.setAttribute("role", "none");
  menu.showPopover();
  const place = anchor.getBoundingClientRect();
  const isBelow = place.bottom + menu.offsetHeight + GAP < innerHeight;
  menu.style.top = `${Math.max(GAP, isBelow ? place.bottom + GAP : place.top - menu.offsetHeight - GAP)}px`;
  menu.style.left = `${Math.max(GAP, Math.min(place.left, innerWidth - menu.offsetWidth - GAP))}px`;
  menu.querySelector("button").focus();
}

export function setUpMenu() {
  const menu = $("menu");
  menu.addEventListener("keydown", event => {
    const all = [...menu.querySelectorAll("button")];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Tab") menu.hidePopover();
    if (to === undefined) return;
    event.preventDefault();
    all[(to + all.length) % all.length].focus();
  });
  menu.addEventListener("toggle", event => {
    if (event.newState !== "closed") return;
    if (!document.activeElement || document.activeElement === document.body || menu.contains(document.activeElement)) opener?.focus();
    opener = null;
  });
}
