import { button, element } from "./dom.js";
import { day, time, tone } from "./format.js";

export function dayLine(date) {
  return element("li", "day", element("span", "", day(date)));
}

// One message: what was said, who said it where that is not plain, what it answers, when, and whether it was read.
export function bubble(message, { quoted, isNamed, isRead, hasTicks, reply }) {
  if (message.action) return element("li", "service", `${message.from_name} ${message.action}`);

  const node = element("li", "message" + (message.out ? " out" : "") + (message.out && isRead ? " read" : ""));
  node.dataset.id = message.id;
  const body = element("div", "bubble");
  if (isNamed) body.append(element("strong", "from " + tone(message.from_id), message.from_name));
  if (message.reply_to) {
    body.append(element("blockquote", "", element("strong", "", quoted ? (quoted.out ? "You" : quoted.from_name) : "A message"), element("span", "", quoted?.text || "that is not here any more")));
  }
  const when = element("time", "", time(message.date));
  when.dateTime = message.date;
  when.title = new Date(message.date).toLocaleString();
  const meta = element("span", "meta", when);
  if (message.out && hasTicks) meta.append(element("span", "tick", isRead ? "Read" : "Sent"));
  body.append(element("span", "text", message.text), meta);
  node.append(body);
  if (reply) {
    const answer = button("Reply", "reply-to", reply);
    answer.tabIndex = -1;
    answer.setAttribute("aria-label", `Reply to ${message.out ? "your message" : message.from_name}: ${message.text.slice(0, 60)}`);
    node.append(answer);
    node.addEventListener("dblclick", reply);
  }
  return node;
}
