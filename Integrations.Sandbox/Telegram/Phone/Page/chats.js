import { call, mine } from "./api.js";
import { $, button, element, fill, icon, setText } from "./dom.js";
import { brief, dressAvatar, gist } from "./format.js";
import { state } from "./state.js";

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
    element("span", "names", element("b", "", element("span", "sign-of"), element("span", "title")), element("small", "preview")),
    element("span", "aside", element("time", ""), element("span", "badge")));
  return element("li", "", item);
}

const signOf = chat => chat.has_topics ? "topics" : chat.is_bot ? "bot" : { channel: "channel", supergroup: "group", group: "group" }[chat.kind];

function update(node, chat) {
  const item = node.firstChild;
  const last = chat.last_message;
  setText(item.querySelector(".title"), chat.title);
  const sign = signOf(chat);
  if (item.dataset.sign !== sign) {
    item.dataset.sign = sign;
    item.querySelector(".sign-of").replaceChildren(...(sign ? [icon(sign)] : []));
  }
  setText(item.querySelector(".preview"), last ? preview(chat, last) : "No messages yet");
  setText(item.querySelector("time"), last ? brief(last.date) : "");
  const badge = item.querySelector(".badge");
  setText(badge, chat.unread ? String(chat.unread) : "");
  badge.hidden = !chat.unread;
  item.setAttribute("aria-current", String(chat.peer === state.peer));
  item.setAttribute("aria-label", `${chat.title}${chat.kind === "private" ? "" : `, ${chat.kind}`}${chat.unread ? `, ${chat.unread} unread` : ""}${last ? `, ${preview(chat, last)}` : ""}`);
}

function preview(chat, message) {
  const text = gist(message);
  if (message.action) return text;
  if (message.out) return "You: " + text;
  return chat.kind === "private" || chat.kind === "channel" ? text : `${message.from_name.split(" ")[0]}: ${text}`;
}
