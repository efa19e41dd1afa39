import { call, mine } from "./api.js";
import { $, button, element, fill, reconcile, setText } from "./dom.js";
import { brief, dressAvatar } from "./format.js";
import { fullName, state } from "./state.js";

const SHOWN = 200;

export async function refreshChats(open) {
  const person = state.person;
  const chats = await call("GET", mine("chats"));
  if (person !== state.person) return;
  state.chats = chats;
  fill($("chats"), chats, chat => chat.peer, chat => create(chat, open), "No chats yet. Begin one with “New message”.", update);
}

export function markOpenChat() {
  for (const node of $("chats").children) node.firstChild.setAttribute?.("aria-current", String(node.dataset.key === state.peer));
}

function create(chat, open) {
  const avatar = element("span", "avatar");
  avatar.setAttribute("aria-hidden", "true");
  dressAvatar(avatar, chat.title, chat.peer);
  const item = button("", "item", () => open(chat.peer));
  item.append(
    avatar,
    element("span", "names", element("b", "", chat.title), element("small", "preview")),
    element("span", "aside", element("time", ""), element("span", "badge")));
  return element("li", "", item);
}

function update(node, chat) {
  const item = node.firstChild;
  const last = chat.last_message;
  setText(item.querySelector(".preview"), last ? preview(chat, last) : "No messages yet");
  setText(item.querySelector("time"), last ? brief(last.date) : "");
  const badge = item.querySelector(".badge");
  setText(badge, chat.unread ? String(chat.unread) : "");
  badge.hidden = !chat.unread;
  item.setAttribute("aria-current", String(chat.peer === state.peer));
  item.setAttribute("aria-label", `${chat.title}${chat.unread ? `, ${chat.unread} unread` : ""}${last ? `, ${preview(chat, last)}` : ""}`);
}

function preview(chat, message) {
  if (message.action) return `${message.from_name} ${message.action}`;
  if (message.out) return "You: " + message.text;
  return chat.kind === "private" || chat.kind === "channel" ? message.text : `${message.from_name.split(" ")[0]}: ${message.text}`;
}

// The dialog that begins a conversation with anybody.
export function setUpPicker(open) {
  const dialog = $("picker");
  const show = () => {
    const wanted = $("picker-filter").value.trim().toLowerCase();
    const found = state.people.filter(person => person !== state.person && fullName(person).toLowerCase().includes(wanted));
    reconcile($("picker-people"), found.slice(0, SHOWN), person => person.id, person => {
      const avatar = element("span", "avatar");
      avatar.setAttribute("aria-hidden", "true");
      dressAvatar(avatar, fullName(person), person.id);
      const item = button("", "item", () => {
        dialog.close();
        open(String(person.id));
      });
      item.append(avatar, element("span", "names", element("b", "", fullName(person))));
      return element("li", "", item);
    });
  };
  $("new-message").addEventListener("click", () => {
    $("picker-filter").value = "";
    $("picker-people").replaceChildren();
    show();
    dialog.showModal();
  });
  $("picker-filter").addEventListener("input", show);
  $("picker-close").addEventListener("click", () => dialog.close());
}
