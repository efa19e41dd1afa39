import { call, mine, upload } from "./api.js";
import { $, button, element, setText } from "./dom.js";
import { gist, size } from "./format.js";
import { openMenu } from "./menu.js";
import { state } from "./state.js";

const ALBUM_MAX = 10;
const PHOTO_MAX = 10 << 20;
const FILE_MAX = 50 << 20;
const KINDS = [
  { kind: "photo", text: "Photo or album", accept: "image/jpeg,image/png", many: true },
  { kind: "document", text: "File", accept: "", many: true },
  { kind: "voice", text: "Voice message (an audio file)", accept: "audio/*" },
  { kind: "audio", text: "Music", accept: "audio/*", many: true },
  { kind: "sticker", text: "Sticker (a WebP or PNG)", accept: "image/webp,image/png" },
];

// What was typed and not sent, by person and chat: switching away and back does not lose it.
const drafts = new Map();
let replyTo = null;
let edited = null;
let attached = [];
let choice = KINDS[0];
let refreshNow = () => {};

const draftKey = () => `${state.person.id}/${state.peer}/${state.topic ?? ""}`;

export function keepDraft() {
  if (state.peer && state.person && !edited) drafts.set(draftKey(), $("text").value);
}

export function takeDraft() {
  $("text").value = drafts.get(draftKey()) ?? "";
}

// Everything but the text belongs to one visit of one chat.
export function forgetDraft() {
  setText($("send-problem"), "");
  detach();
  stop();
}

export function startReply(message) {
  stopEdit();
  replyTo = message.id;
  showAbove(message.out ? "You" : message.from_name, gist(message));
  $("text").focus();
}

export function startEdit(message) {
  if (!edited) keepDraft();
  detach();
  replyTo = null;
  edited = message;
  showAbove("Edit the message", gist(message));
  $("text").value = message.text;
  $("text").focus();
}

function showAbove(name, text) {
  setText($("reply-name"), name);
  setText($("reply-text"), text);
  $("reply").hidden = false;
}

function stop() {
  stopEdit();
  replyTo = null;
  $("reply").hidden = true;
}

function stopEdit() {
  if (!edited) return;
  edited = null;
  if (state.peer) takeDraft();
}

function attach(files) {
  const most = choice.many ? ALBUM_MAX : 1;
  const limit = choice.kind === "photo" ? PHOTO_MAX : FILE_MAX;
  const big = files.find(file => file.size > limit);
  setText($("send-problem"), big ? `${big.name} is larger than ${size(limit)}.` : files.length > most ? `At most ${most} at a time: the first ${most} are taken.` : "");
  attached = files.filter(file => file.size <= limit).slice(0, most);
  stopEdit();
  showAttached();
  $("text").focus();
}

function detach() {
  attached = [];
  $("file").value = "";
  showAttached();
}

function showAttached() {
  for (const image of $("attached-files").querySelectorAll("img")) URL.revokeObjectURL(image.src);
  $("attached").hidden = attached.length === 0;
  setText($("attached-what"), attached.length > 1 && choice.kind === "photo" ? `An album of ${attached.length}` : choice.text.replace(/ \(.*| or .*/, ""));
  $("attached-files").replaceChildren(...attached.map(file => {
    const remove = button("×", "icon", () => {
      attached = attached.filter(other => other !== file);
      showAttached();
      $("text").focus();
    });
    remove.setAttribute("aria-label", `Do not send ${file.name}`);
    const picture = /^image\/(jpeg|png|webp)$/.test(file.type) ? element("img", "") : null;
    if (picture) Object.assign(picture, { src: URL.createObjectURL(file), alt: "" });
    return element("li", "", picture, element("span", "names", element("b", "", file.name), element("small", "", size(file.size))), remove);
  }));
  $("text").placeholder = attached.length ? "Caption" : "Message";
}

// How long a recording is: the browser knows, and the others are told.
async function durationOf(file) {
  if (!file.type.startsWith("audio/")) return 0;
  const audio = new Audio();
  const address = URL.createObjectURL(file);
  try {
    return await new Promise(resolve => {
      audio.onloadedmetadata = () => resolve(Number.isFinite(audio.duration) ? Math.round(audio.duration) : 0);
      audio.onerror = () => resolve(0);
      audio.src = address;
    });
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function sendFiles(path, files, kind, text, to) {
  const form = new FormData();
  form.append("kind", kind);
  form.append("text", text);
  if (to.reply_to) form.append("reply_to", to.reply_to);
  if (to.topic) form.append("topic", to.topic);
  if (kind === "voice" || kind === "audio") form.append("duration", await durationOf(files[0]));
  for (const file of files) form.append("files", file, file.name);
  await upload(path + "files", form);
}

export async function say(text) {
  await call("POST", mine(`chats/${state.peer}/messages`), { text, ...(state.topic ? { topic: state.topic } : {}) });
  refreshNow();
}

async function send() {
  const text = $("text").value;
  if (!text.trim() && !attached.length && !edited?.media) return;
  const sent = { key: draftKey(), path: mine(`chats/${state.peer}/`), files: attached, kind: choice.kind, edited };
  const to = { ...(replyTo ? { reply_to: replyTo } : {}), ...(state.topic ? { topic: state.topic } : {}) };
  const before = replyTo;
  // Cleared at once, so that the next message can be begun; given back when this one is refused.
  if (edited) edited = null;
  $("text").value = "";
  drafts.delete(sent.key);
  if (sent.edited) takeDraft();
  setText($("send-problem"), "");
  detach();
  stop();
  try {
    if (sent.edited) await call("PATCH", `${sent.path}messages/${sent.edited.id}`, { text });
    else if (sent.files.length) await sendFiles(sent.path, sent.files, sent.kind, text, to);
    else await call("POST", sent.path + "messages", { text, ...to });
    refreshNow();
  } catch (problem) {
    if (problem.status === undefined) throw problem;
    if (sent.edited && problem.code === "MESSAGE_NOT_MODIFIED") return;
    if (draftKey() !== sent.key) {
      drafts.set(sent.key, text);
      return;
    }
    if (sent.edited) startEdit(sent.edited);
    if (!$("text").value || sent.edited) $("text").value = text;
    if (before) replyTo = before;
    attached = sent.files;
    showAttached();
    setText($("send-problem"), "Not sent. " + problem.message);
  }
}

function openAttach(event) {
  openMenu(event.currentTarget, KINDS.map(kind => ({
    text: kind.text,
    press: () => {
      choice = kind;
      const input = $("file");
      Object.assign(input, { accept: kind.accept, multiple: Boolean(kind.many), value: "" });
      input.click();
    },
  })));
}

export function setUpCompose(refresh) {
  refreshNow = refresh;
  $("compose").addEventListener("submit", event => {
    event.preventDefault();
    send();
  });
  $("text").addEventListener("keydown", event => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      stop();
      detach();
    }
  });
  $("text").addEventListener("paste", event => {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    choice = KINDS[files.every(file => /^image\/(jpeg|png)$/.test(file.type)) ? 0 : 1];
    attach(files);
  });
  $("reply-cancel").addEventListener("click", () => {
    stop();
    $("text").focus();
  });
  $("attach").addEventListener("click", openAttach);
  $("file").addEventListener("change", () => { if ($("file").files.length) attach([...$("file").files]); });
  $("start").addEventListener("click", () => say("/start"));
}
