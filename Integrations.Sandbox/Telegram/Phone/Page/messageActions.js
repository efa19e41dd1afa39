import { confirm } from "./ask.js";
import { call, mine } from "./api.js";
import { openPicker } from "./picker.js";
import { state } from "./state.js";
import { toast } from "./toast.js";

// What can be done with a message, or with the messages of one album.
export function actionsOn(parts, { chat, edit, done }) {
  const [message] = parts;
  const isOwn = message.out;
  const actions = [];
  if (isOwn && !message.forwarded_from) actions.push({ text: message.media ? "Edit the caption" : "Edit", press: edit });
  if (parts.some(part => part.text)) actions.push({ text: "Copy the text", press: () => navigator.clipboard.writeText(parts.map(part => part.text).filter(Boolean).join("\n")).then(() => toast("Copied"), () => toast("The browser does not let this page copy.")) });
  actions.push({ text: "Forward", press: () => forward(parts) });
  const remove = everybody => confirm({
    title: parts.length > 1 ? `Delete ${parts.length} messages?` : "Delete the message?",
    text: everybody ? "It goes for everybody." : "It goes here only; the other side keeps it.",
    yes: "Delete",
  }, async () => {
    for (const part of parts) await call("DELETE", mine(`chats/${state.peer}/messages/${part.id}?everybody=${everybody}`));
    done();
  });
  const isPrivate = !chat || chat.kind === "private" || chat.kind === "group";
  if (isOwn || chat?.may_delete || !chat || chat.kind === "private") actions.push({ text: isPrivate ? "Delete for everybody" : "Delete", danger: true, press: () => remove(true) });
  if (isPrivate) actions.push({ text: "Delete for me", danger: true, press: () => remove(false) });
  return actions;
}

function forward(parts) {
  const from = state.peer;
  openPicker({
    title: "Forward to",
    label: "Find a chat",
    source: async text => state.chats.filter(chat => chat.may_write && chat.title.toLowerCase().includes(text.toLowerCase())),
    pick: async chat => {
      await call("POST", mine(`chats/${chat.peer}/forwards`), { from, messages: parts.map(part => part.id) });
      toast(`Forwarded to ${chat.title}`);
    },
  });
}

// Presses a button under a message of a bot, and shows what the bot says to it.
export async function press(message, one, node) {
  if (one.copies) {
    await navigator.clipboard.writeText(one.copies).then(() => toast("Copied"), () => toast("The browser does not let this page copy."));
    return;
  }
  if (one.url) {
    if (/^https?:\/\//i.test(one.url)) window.open(one.url, "_blank", "noreferrer");
    return;
  }
  node.disabled = true;
  try {
    const answer = await call("POST", mine(`chats/${state.peer}/messages/${message.id}/press`), { data: one.data });
    if (answer?.show_alert) confirm({ title: "The bot says", text: answer.text ?? "", yes: "OK" }, async () => {});
    else if (answer?.text) toast(answer.text);
  } catch (problem) {
    if (problem.status === undefined) throw problem;
    toast(problem.message);
  } finally {
    node.disabled = false;
  }
}
