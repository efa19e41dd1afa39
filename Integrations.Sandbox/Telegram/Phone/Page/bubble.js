import { button, copyButton, element } from "./dom.js";
import { day, gist, time, tone } from "./format.js";
import { media } from "./media.js";
import { formatted } from "./text.js";

const TOKEN = /^\d+:[\w-]{30,}$/;

export function dayLine(date) {
  return element("li", "day", element("span", "", day(date)));
}

export const serviceLine = message => element("li", "service", gist(message));

// One message, or the messages of one album: what was said, who said it where that is not plain, what it answers, when, and whether it was read.
export function bubble(parts, { quoted, isNamed, hasTicks, isPressable, reply, more, press }) {
  const [message] = parts;
  const last = parts.at(-1);
  const isBare = parts.length === 1 && message.media?.kind === "sticker" && !message.text;
  const node = element("li", "message" + (message.out ? " out" : "") + (isBare ? " bare" : ""));
  node.dataset.id = last.id;
  const body = element("div", "bubble");
  if (isNamed) body.append(element("strong", "from " + tone(message.from_id), message.from_name));
  if (message.forwarded_from) body.append(element("span", "forwarded", "Forwarded from ", element("b", "", message.forwarded_from)));
  if (message.reply_to) {
    body.append(element(
      "blockquote", "",
      element("strong", "", quoted ? (quoted.out ? "You" : quoted.from_name) : "A message"),
      element("span", "", quoted ? gist(quoted) : "that is not here any more")));
  }
  const carried = parts.filter(part => part.media);
  if (carried.length > 1) body.append(element("div", "album" + (carried.every(part => part.media.kind === "photo") ? " photos" : ""), ...carried.map(media)));
  else if (carried.length) body.append(media(message));
  const captioned = parts.find(part => part.text);
  if (captioned) body.append(formatted(captioned.text, captioned.entities, { isPressable }));
  body.append(meta(message, last, hasTicks));
  for (const token of tokensIn(captioned)) body.append(element("div", "token", copyButton(token, "the token")));
  const column = element("div", "column", body);
  if (message.buttons?.length) column.append(keyboard(message, press));
  node.append(column);
  if (reply || more) node.append(actions(message, reply, more));
  if (reply) node.addEventListener("dblclick", reply);
  return node;
}

function meta(message, last, hasTicks) {
  const when = element("time", "", time(message.date));
  when.dateTime = message.date;
  when.title = new Date(message.date).toLocaleString();
  const node = element("span", "meta", message.pinned ? "Pinned " : null, last.edited_at || message.edited_at ? "edited " : null, when);
  if (message.out && hasTicks) node.append(element("span", "tick", "Sent"));
  return node;
}

const tokensIn = message => (message?.entities ?? [])
  .filter(entity => entity.kind === "code")
  .map(entity => message.text.slice(entity.offset, entity.offset + entity.length))
  .filter(text => TOKEN.test(text));

// Buttons under a message of a bot.
function keyboard(message, press) {
  return element("div", "keyboard", ...message.buttons.map(row => element("div", "", ...row.map(one => {
    const node = button(one.text, "", () => press(one, node));
    return node;
  }))));
}

function actions(message, reply, more) {
  const whose = `${message.out ? "your message" : message.from_name}: ${gist(message).slice(0, 60)}`;
  const node = element("span", "acts");
  const add = (text, className, label, act) => {
    const made = button(text, "act " + className, () => act(made));
    made.tabIndex = -1;
    made.setAttribute("aria-label", `${label} ${whose}`);
    node.append(made);
    return made;
  };
  if (reply) add("Reply", "reply-to", "Reply to", reply);
  if (more) add("⋯", "more", "More for", more).setAttribute("aria-haspopup", "menu");
  return node;
}
