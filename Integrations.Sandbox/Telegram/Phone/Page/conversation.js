import { call, mine } from "./api.js";
import { markOpenChat } from "./chats.js";
import { $, setText } from "./dom.js";
import { dressAvatar } from "./format.js";
import { bubble, dayLine } from "./bubble.js";
import { fullName, state } from "./state.js";

const SHOWN = 300;
const NEAR_END = 80;

// What was typed and not sent, by person and chat: switching away and back does not lose it.
const drafts = new Map();
let messages = [];
let firstShown = 0;
let replyTo = null;
let isNewBelow = false;
let refreshNow = () => {};

const draftKey = () => `${state.person.id}/${state.peer}`;
const isAtEnd = () => $("scroller").scrollHeight - $("scroller").scrollTop - $("scroller").clientHeight < NEAR_END;
const toEnd = () => { $("scroller").scrollTop = $("scroller").scrollHeight; };

export function closeChat() {
  keepDraft();
  state.peer = null;
  reset();
  $("open-chat").hidden = true;
  $("no-chat").hidden = false;
  document.body.classList.remove("in-chat");
  markOpenChat();
}

export function openChat(peer) {
  keepDraft();
  state.peer = peer;
  reset();
  $("no-chat").hidden = true;
  $("open-chat").hidden = false;
  document.body.classList.add("in-chat");
  $("text").value = drafts.get(draftKey()) ?? "";
  markOpenChat();
  showHead();
  const target = $("compose").hidden ? $("chat-title") : $("text");
  target.focus({ preventScroll: true });
  refreshNow();
}

export async function refreshConversation() {
  if (!state.peer) return;
  showHead();
  const { person, peer } = state;
  const after = messages.at(-1)?.id ?? 0;
  const more = await call("GET", mine(`chats/${peer}/messages?after=${after}`));
  if (person !== state.person || peer !== state.peer) return;
  const fresh = more.filter(message => message.id > (messages.at(-1)?.id ?? 0));
  if (fresh.length) append(fresh, after === 0);
  showRead();
  const chat = state.chats.find(other => other.peer === peer);
  const isUnread = fresh.some(message => !message.out) || chat?.unread > 0;
  if (isUnread && document.visibilityState === "visible" && state.tab === "chats") await call("POST", mine(`chats/${peer}/read`));
}

function reset() {
  messages = [];
  firstShown = 0;
  $("messages").replaceChildren();
  $("earlier").hidden = true;
  setText($("send-problem"), "");
  showLatest(false);
  stopReply();
}

function keepDraft() {
  if (state.peer && state.person) drafts.set(draftKey(), $("text").value);
}

function showHead() {
  const chat = state.chats.find(other => other.peer === state.peer);
  const person = state.people.find(other => String(other.id) === state.peer);
  const title = chat?.title ?? (person ? fullName(person) : "");
  setText($("chat-title"), title);
  setText($("chat-facts"), person ? "+" + person.phone : chat ? `${chat.kind}, ${chat.members} ${chat.kind === "channel" ? "subscribers" : "members"}` : "");
  dressAvatar($("chat-avatar"), title, state.peer);
  const mayWrite = chat?.may_write ?? true;
  $("compose").hidden = !mayWrite;
  $("read-only").hidden = mayWrite;
}

function append(fresh, isFirst) {
  const wasAtEnd = isFirst || isAtEnd() || fresh.at(-1).out;
  messages.push(...fresh);
  if (isFirst) firstShown = Math.max(0, messages.length - SHOWN);
  const from = Math.max(firstShown, messages.length - fresh.length);
  $("messages").append(...nodes(from, messages.length));
  $("earlier").hidden = firstShown === 0;
  roveTo($("messages").querySelector(".message:last-of-type .reply-to"));
  if (wasAtEnd) toEnd();
  else showLatest(true);
}

function nodes(from, to) {
  const kind = state.chats.find(other => other.peer === state.peer)?.kind ?? "private";
  const made = [];
  for (let index = from; index < to; index++) {
    const message = messages[index];
    const before = messages[index - 1];
    const isNewDay = !before || new Date(before.date).toDateString() !== new Date(message.date).toDateString();
    if (isNewDay) made.push(dayLine(message.date));
    made.push(bubble(message, {
      quoted: message.reply_to ? messages.find(other => other.id === message.reply_to) : null,
      isNamed: !message.out && kind !== "private" && (isNewDay || before.from_id !== message.from_id || Boolean(before.action)),
      isRead: message.id <= readUpTo(),
      hasTicks: kind !== "channel",
      reply: $("compose").hidden ? null : () => startReply(message),
    }));
  }
  return made;
}

const readUpTo = () => state.chats.find(other => other.peer === state.peer)?.read_up_to ?? 0;

function showRead() {
  const upTo = readUpTo();
  for (const node of $("messages").querySelectorAll(".out:not(.read)")) {
    if (Number(node.dataset.id) > upTo) continue;
    node.classList.add("read");
    const tick = node.querySelector(".tick");
    if (tick) setText(tick, "Read");
  }
}

function showEarlier() {
  const scroller = $("scroller");
  const below = scroller.scrollHeight - scroller.scrollTop;
  const to = firstShown;
  firstShown = Math.max(0, firstShown - SHOWN);
  $("messages").prepend(...nodes(firstShown, to));
  $("earlier").hidden = firstShown === 0;
  scroller.scrollTop = scroller.scrollHeight - below;
}

function showLatest(isNew) {
  isNewBelow = isNew && !isAtEnd();
  $("latest").hidden = !isNewBelow;
  setText($("latest"), isNewBelow ? "↓ New messages" : "");
}

function startReply(message) {
  replyTo = message.id;
  setText($("reply-name"), message.out ? "You" : message.from_name);
  setText($("reply-text"), message.text);
  $("reply").hidden = false;
  $("text").focus();
}

function stopReply() {
  replyTo = null;
  $("reply").hidden = true;
}

// One reply button of the whole history is a tab stop; arrows lead to the others.
function roveTo(target) {
  if (!target) return;
  for (const other of $("messages").querySelectorAll(".reply-to[tabindex='0']")) other.tabIndex = -1;
  target.tabIndex = 0;
}

async function send() {
  const text = $("text").value;
  if (!text.trim()) return;
  const sent = { key: draftKey(), path: mine(`chats/${state.peer}/messages`), replyTo };
  // Cleared at once, so that the next message can be begun; given back when this one is refused.
  $("text").value = "";
  drafts.delete(sent.key);
  setText($("send-problem"), "");
  stopReply();
  try {
    await call("POST", sent.path, sent.replyTo ? { text, reply_to: sent.replyTo } : { text });
    refreshNow();
  } catch (problem) {
    if (draftKey() !== sent.key) {
      drafts.set(sent.key, text);
      return;
    }
    if (!$("text").value) $("text").value = text;
    setText($("send-problem"), "Not sent. " + problem.message);
  }
}

export function setUpConversation(refresh) {
  refreshNow = refresh;
  $("compose").addEventListener("submit", event => {
    event.preventDefault();
    send();
  });
  $("text").addEventListener("keydown", event => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && replyTo) stopReply();
  });
  $("reply-cancel").addEventListener("click", () => {
    stopReply();
    $("text").focus();
  });
  $("back").addEventListener("click", () => {
    const peer = state.peer;
    closeChat();
    $("chats").querySelector(`[data-key="${CSS.escape(peer)}"] .item`)?.focus();
  });
  $("earlier").addEventListener("click", showEarlier);
  $("latest").addEventListener("click", () => {
    toEnd();
    showLatest(false);
  });
  $("scroller").addEventListener("scroll", () => {
    if (isNewBelow && isAtEnd()) showLatest(false);
  });
  $("messages").addEventListener("keydown", event => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.target.matches(".reply-to")) return;
    const all = [...$("messages").querySelectorAll(".reply-to")];
    const target = all[all.indexOf(event.target) + step];
    if (!target) return;
    event.preventDefault();
    roveTo(target);
    target.focus();
  });
}
