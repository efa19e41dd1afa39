import { ask, confirm } from "./ask.js";
import { call, mine } from "./api.js";
import { $, button, element, fill, icon, setText } from "./dom.js";
import { brief, gist } from "./format.js";
import { openMenu } from "./menu.js";
import { state } from "./state.js";

let topics = [];
let open = () => {};
let refreshNow = () => {};

export const topicOf = id => id ? topics.find(topic => topic.id === id) : null;

export function openTopics() {
  topics = [];
  $("topic-list").replaceChildren();
}

export async function refreshTopics() {
  const { person, peer } = state;
  const found = await call("GET", mine(`chats/${peer}/topics`));
  if (person !== state.person || peer !== state.peer) return;
  topics = found;
  fill($("topic-list"), topics, topic => topic.id, create, "No topics yet.", update);
}

function create(topic) {
  const avatar = element("span", "topic-icon", topic.id === 1 ? "#" : [...topic.title][0].toUpperCase());
  avatar.setAttribute("aria-hidden", "true");
  avatar.classList.add("tone-" + (parseInt(topic.color, 16) % 7));
  const item = button("", "item", () => open(topics.find(other => other.id === topic.id) ?? topic));
  item.append(
    avatar,
    element("span", "names", element("b", "", element("span", "title"), element("span", "lock", icon("lock"))), element("small", "preview")),
    element("span", "aside", element("time", ""), element("span", "badge")));
  const more = button("⋯", "icon more", () => openMenu(more, actionsOn(topics.find(other => other.id === topic.id) ?? topic)));
  more.setAttribute("aria-haspopup", "menu");
  return element("li", "topic", item, more);
}

function update(node, topic) {
  const last = topic.last_message;
  const item = node.firstChild;
  const text = last ? (last.action ? gist(last) : `${last.out ? "You" : last.from_name.split(" ")[0]}: ${gist(last)}`) : "No messages yet";
  setText(item.querySelector(".title"), topic.title);
  item.querySelector(".lock").hidden = !topic.closed;
  setText(item.querySelector(".preview"), text);
  setText(item.querySelector("time"), last ? brief(last.date) : "");
  const badge = item.querySelector(".badge");
  setText(badge, topic.unread ? String(topic.unread) : "");
  badge.hidden = !topic.unread;
  item.setAttribute("aria-label", `${topic.title}${topic.closed ? ", closed" : ""}${topic.unread ? `, ${topic.unread} unread` : ""}, ${text}`);
  node.lastChild.hidden = !topic.may_change && !topic.may_delete;
  node.lastChild.setAttribute("aria-label", `Change the topic ${topic.title}`);
}

function actionsOn(topic) {
  const path = mine(`chats/${state.peer}/topics/${topic.id}`);
  const actions = [];
  if (topic.may_change) {
    actions.push({
      text: "Rename",
      press: () => ask({ title: "Rename the topic", label: "Name of the topic", value: topic.title, confirm: "Rename" }, async title => {
        if (title !== topic.title) await call("PATCH", path, { title });
        refreshNow();
      }),
    });
    actions.push({
      text: topic.closed ? "Reopen" : "Close",
      press: async () => {
        await call("PATCH", path, { closed: !topic.closed });
        refreshNow();
      },
    });
  }
  if (topic.may_delete) {
    actions.push({
      text: "Delete",
      danger: true,
      press: () => confirm({ title: `Delete “${topic.title}”?`, text: "Everything that was said in it goes too, for everybody.", yes: "Delete" }, async () => {
        await call("DELETE", path);
        refreshNow();
      }),
    });
  }
  return actions;
}

export function setUpTopics(openTopic, refresh) {
  open = openTopic;
  refreshNow = refresh;
  $("new-topic").addEventListener("click", () => ask({ title: "New topic", label: "Name of the topic", confirm: "Make" }, async title => {
    const made = await call("POST", mine(`chats/${state.peer}/topics`), { title });
    topics.push(made);
    return () => open(made);
  }));
}
