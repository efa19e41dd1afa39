import { call, mine } from "./api.js";
import { bubble, dayLine, serviceLine } from "./bubble.js";
import { markOpenChat } from "./chats.js";
import { forgetDraft, keepDraft, startEdit, startReply, takeDraft } from "./compose.js";
import { $, reconcile, setText } from "./dom.js";
import { count, dressAvatar } from "./format.js";
import { forgetMedia } from "./media.js";
import { openMenu } from "./menu.js";
import { actionsOn, press } from "./messageActions.js";
import { BOT_FATHER, chatOf, fullName, state } from "./state.js";
import { toast } from "./toast.js";
import { openTopics, refreshTopics, topicOf } from "./topics.js";

const SHOWN = 300;
const NEAR_END = 80;

let messages = [];
let firstShown = 0;
let lastId = 0;
// How far what was edited and deleted is known.
let position = 0;
let isLoaded = false;
// The open chat has been in the list: when it is there no more, one is not in it any more.
let isListed = false;
let isNewBelow = false;
let refreshNow = () => {};

const isAtEnd = () => $("scroller").scrollHeight - $("scroller").scrollTop - $("scroller").clientHeight < NEAR_END;
const toEnd = () => { $("scroller").scrollTop = $("scroller").scrollHeight; };
const isForum = () => chatOf(state.peer)?.has_topics === true;

export function closeChat() {
  keepDraft();
  state.peer = null;
  state.topic = null;
  reset();
  $("open-chat").hidden = true;
  $("no-chat").hidden = false;
  document.body.classList.remove("in-chat", "in-topic");
  markOpenChat();
}

export function openChat(peer) {
  keepDraft();
  state.peer = peer;
  state.topic = null;
  show();
  markOpenChat();
}

export function openTopic(topic) {
  keepDraft();
  state.topic = topic.id;
  show();
}

function show() {
  reset();
  $("no-chat").hidden = true;
  $("open-chat").hidden = false;
  document.body.classList.add("in-chat");
  document.body.classList.toggle("in-topic", Boolean(state.topic));
  takeDraft();
  showHead();
  if (isForum() && !state.topic) openTopics();
  const target = $("compose").hidden ? $("chat-title") : $("text");
  target.focus({ preventScroll: true });
  refreshNow();
}

export async function refreshConversation() {
  if (!state.peer) return;
  if (isListed && !chatOf(state.peer)) {
    closeChat();
    toast("This chat is gone.");
    return;
  }
  isListed = Boolean(chatOf(state.peer));
  if (state.topic && isListed && !isForum()) openChat(state.peer);
  showHead();
  if (isForum() && !state.topic) {
    await refreshTopics();
    return;
  }
  const { person, peer, topic } = state;
  const isOld = () => person !== state.person || peer !== state.peer || topic !== state.topic;
  if (topic) await refreshTopics();
  if (topic && !isOld() && !topicOf(topic)) {
    openChat(peer);
    return;
  }
  const changes = await call("GET", mine(`chats/${peer}/changes?since=${position}`));
  if (isOld()) return;
  if (changes.reset) reset();
  const more = await call("GET", mine(`chats/${peer}/messages?after=${lastId}${topic ? "&topic=" + topic : ""}`));
  if (isOld()) return;
  showHead();
  position = changes.position;
  const isFirst = !isLoaded;
  const fresh = more.filter(message => message.id > lastId);
  const wasAtEnd = isFirst || isAtEnd() || fresh.at(-1)?.out === true;
  messages.push(...fresh);
  lastId = messages.reduce((most, message) => Math.max(most, message.id), lastId);
  for (const changed of changes.changed) {
    const at = messages.findIndex(message => message.id === changed.id);
    if (at >= 0) messages[at] = changed;
  }
  const gone = new Set(changes.deleted);
  if (gone.size) messages = messages.filter(message => !gone.has(message.id));
  if (isFirst) firstShown = Math.max(0, messages.length - SHOWN);
  isLoaded = true;
  showStart();
  render();
  if (fresh.length && !$("messages").contains(document.activeElement)) roveToLast();
  if (fresh.length && wasAtEnd) toEnd();
  else if (fresh.length) showLatest(true);
  const isUnread = fresh.some(message => !message.out) || chatOf(peer)?.unread > 0;
  if (isUnread && document.visibilityState === "visible" && state.tab === "chats") await call("POST", mine(`chats/${peer}/read${topic ? "?topic=" + topic : ""}`));
}

function reset() {
  messages = [];
  firstShown = 0;
  lastId = 0;
  position = 0;
  isLoaded = false;
  isListed = false;
  $("messages").replaceChildren();
  $("earlier").hidden = true;
  $("start").hidden = true;
  showLatest(false);
  forgetDraft();
  forgetMedia();
}

function showHead() {
  const chat = chatOf(state.peer) ?? state.found.get(state.peer);
  const person = state.people.find(other => String(other.id) === state.peer);
  const topic = topicOf(state.topic);
  const title = chat?.title ?? (person ? fullName(person) : "");
  setText($("chat-title"), topic ? topic.title : title);
  setText($("chat-facts"), topic ? `Topic of ${title}${topic.closed ? ", closed" : ""}` : factsOf(chat, person));
  dressAvatar($("chat-avatar"), title, state.peer);
  const isRoom = Boolean(chat?.members);
  $("chat-info").hidden = !isRoom;
  $("chat-info").setAttribute("aria-label", `About ${title}`);
  $("back").setAttribute("aria-label", state.topic ? "Back to the topics" : "Back to the chats");
  const isList = isForum() && !state.topic;
  $("topics").hidden = !isList;
  $("scroller").hidden = isList;
  const mayWrite = topic ? topic.may_write : chat?.may_write ?? true;
  $("compose").hidden = !mayWrite || isList || !$("start").hidden;
  $("read-only").hidden = mayWrite || isList;
  setText($("read-only"), topic?.closed ? "This topic is closed." : chat?.kind === "channel" ? "Only its administrators write in this channel." : "You may not write here.");
}

function factsOf(chat, person) {
  if (person) return "+" + person.phone;
  if (chat?.is_bot) return ["bot", chat.username && "@" + chat.username].filter(Boolean).join(" · ");
  return chat?.members ? `${chat.kind}, ${count(chat.members, chat.kind === "channel" ? "subscriber" : "member")}` : "";
}

// A bot is begun with a button, as in the real app.
function showStart() {
  const chat = chatOf(state.peer) ?? state.found.get(state.peer);
  $("start").hidden = !(isLoaded && chat?.is_bot && messages.length === 0);
  showHead();
}

function render() {
  const chat = chatOf(state.peer);
  const kind = chat?.kind ?? "private";
  const isOfBot = chat?.is_bot === true;
  const items = [];
  for (let index = firstShown; index < messages.length; index++) {
    const message = messages[index];
    const before = messages[index - 1];
    const isNewDay = !before || new Date(before.date).toDateString() !== new Date(message.date).toDateString();
    if (isNewDay || index === firstShown) items.push({ key: "day " + new Date(message.date).toDateString() + message.id, make: () => dayLine(message.date) });
    if (message.action) {
      items.push({ key: `service ${message.id}`, make: () => serviceLine(message) });
      continue;
    }
    const parts = [message];
    while (message.album && messages[index + 1]?.album === message.album) parts.push(messages[++index]);
    const quoted = message.reply_to ? messages.find(other => other.id === message.reply_to) : null;
    const isNamed = !message.out && kind !== "private" && (isNewDay || before.from_id !== message.from_id || Boolean(before.action));
    const isReadOnly = $("compose").hidden;
    const key = [parts.map(part => `${part.id}:${part.edited_at ?? ""}`), message.pinned, isNamed, isReadOnly, quoted?.id, quoted?.edited_at, JSON.stringify(message.buttons ?? "")].join("/");
    items.push({
      key,
      message,
      make: () => bubble(parts, {
        quoted,
        isNamed,
        hasTicks: kind !== "channel",
        isPressable: isOfBot && (!message.out || state.peer === BOT_FATHER),
        reply: isReadOnly ? null : () => startReply(message),
        more: anchor => openMenu(anchor, actionsOn(parts, { chat, edit: () => startEdit(parts.find(part => part.text) ?? message), done: refreshNow })),
        press: (one, node) => press(message, one, node),
      }),
    });
  }
  const upTo = chat?.read_up_to ?? 0;
  reconcile($("messages"), items, item => item.key, item => item.make(), (node, { message }) => {
    if (!message?.out || node.classList.contains("read") || Number(node.dataset.id) > upTo) return;
    node.classList.add("read");
    const tick = node.querySelector(".tick");
    if (tick) setText(tick, "Read");
  });
  $("earlier").hidden = firstShown === 0;
  if (!$("messages").querySelector(".act[tabindex='0']")) roveToLast();
}

function showEarlier() {
  const scroller = $("scroller");
  const below = scroller.scrollHeight - scroller.scrollTop;
  firstShown = Math.max(0, firstShown - SHOWN);
  render();
  scroller.scrollTop = scroller.scrollHeight - below;
}

function showLatest(isNew) {
  isNewBelow = isNew && !isAtEnd();
  $("latest").hidden = !isNewBelow;
  setText($("latest"), isNewBelow ? "↓ New messages" : "");
}

// One button of the whole history is a tab stop; arrows lead to the others.
function roveTo(target) {
  if (!target) return;
  for (const other of $("messages").querySelectorAll(".act[tabindex='0']")) other.tabIndex = -1;
  target.tabIndex = 0;
}

function roveToLast() {
  roveTo([...$("messages").querySelectorAll(".reply-to")].at(-1) ?? [...$("messages").querySelectorAll(".act")].at(-1));
}

function back() {
  if (state.topic) {
    const topic = state.topic;
    openChat(state.peer);
    $("topic-list").querySelector(`[data-key="${topic}"] .item`)?.focus();
    return;
  }
  const peer = state.peer;
  closeChat();
  $("chats").querySelector(`[data-key="${CSS.escape(peer)}"] .item`)?.focus();
}

export function setUpConversation(refresh) {
  refreshNow = refresh;
  $("back").addEventListener("click", back);
  $("earlier").addEventListener("click", showEarlier);
  $("latest").addEventListener("click", () => {
    toEnd();
    showLatest(false);
  });
  $("scroller").addEventListener("scroll", () => {
    if (isNewBelow && isAtEnd()) showLatest(false);
  });
  // What loads late grows; who looks at the end goes on doing so.
  $("messages").addEventListener("load", event => {
    if (event.target.tagName === "IMG" && $("scroller").scrollHeight - $("scroller").scrollTop - $("scroller").clientHeight < NEAR_END + event.target.clientHeight) toEnd();
  }, true);
  $("messages").addEventListener("keydown", event => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if ((!step && !side) || !event.target.matches(".act")) return;
    const all = [...(side ? event.target.parentElement : $("messages")).querySelectorAll(side ? ".act" : `.act.${event.target.classList.contains("more") ? "more" : "reply-to"}`)];
    const target = all[all.indexOf(event.target) + (step ?? side)];
    if (!target) return;
    event.preventDefault();
    roveTo(target);
    target.focus();
  });
}
