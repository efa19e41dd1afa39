import { $, button, element, reconcile, setText } from "./dom.js";
import { dressAvatar } from "./format.js";
import { fullName, state } from "./state.js";

const SHOWN = 200;
const FILTER_FROM = 13;

let unread = {};

export function showPeople(choose) {
  $("people-filter").hidden = state.people.length < FILTER_FROM;
  const wanted = $("people-filter").value.trim().toLowerCase();
  const found = state.people.filter(person => !wanted || `${fullName(person)} ${person.phone} ${person.username ?? ""}`.toLowerCase().includes(wanted));
  reconcile($("people"), found.slice(0, SHOWN), person => person.id, person => create(person, choose), update);
}

export function showUnread(counts) {
  unread = counts;
  for (const item of $("people").children) {
    const person = state.people.find(other => String(other.id) === item.dataset.key);
    if (person) update(item, person);
  }
}

export const unreadOf = person => unread[person.id] ?? 0;

function create(person, choose) {
  const avatar = element("span", "avatar");
  avatar.setAttribute("aria-hidden", "true");
  dressAvatar(avatar, fullName(person), person.id);
  const names = element("span", "names", element("b", "", person.first_name, person.last_name ? element("span", "family", " " + person.last_name) : null), element("small", "", "+" + person.phone));
  const item = button("", "item", () => choose(person));
  item.append(avatar, names, element("span", "badge"));
  return element("li", "", item);
}

function update(node, person) {
  const item = node.firstChild;
  const count = unreadOf(person);
  const badge = item.querySelector(".badge");
  setText(badge, count ? String(count) : "");
  badge.hidden = !count;
  item.setAttribute("aria-current", String(state.person?.id === person.id));
  item.setAttribute("aria-label", fullName(person) + (count ? `, ${count} unread` : ""));
}

export function showOwner() {
  const person = state.person;
  setText($("owner-name"), fullName(person));
  setText($("owner-facts"), ["+" + person.phone, person.username && "@" + person.username, `data centre ${person.dc_id}`].filter(Boolean).join(" · "));
  dressAvatar($("owner-avatar"), fullName(person), person.id);
}
