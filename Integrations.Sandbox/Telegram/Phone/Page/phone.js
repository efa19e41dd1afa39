"use strict";

// The token comes once in the fragment (#token=…), which no server sees, and is kept for this browser. #scan=<link> opens the scanner
// with a link filled in; #person=<id> chooses the person.
const state = { token: localStorage.getItem("sandbox-token"), people: [], person: null, tab: "chats", peer: null, lastId: 0, replyTo: null };
const $ = id => document.getElementById(id);

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function time(text) {
  return new Date(text).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

function notice(text, isBad) {
  $("notice").textContent = text;
  $("notice").className = "notice " + (isBad ? "bad" : "good");
}

async function call(method, path, body) {
  const response = await fetch("/sandbox/" + path, {
    method,
    headers: { Authorization: "Bearer " + state.token, ...(body ? { "Content-Type": "application/json" } : {}) },
    body: body ? JSON.stringify(body) : undefined,
  });
  if (response.status === 401) {
    askForToken();
    throw new Error("The token is not right.");
  }
  const text = await response.text();
  const answer = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Error(answer?.detail ?? answer?.title ?? "The sandbox answered " + response.status + ".");
  return answer;
}

const mine = path => `people/${state.person.id}/${path}`;

function askForToken() {
  $("token-form").hidden = false;
  $("main").hidden = true;
}

function choose(person) {
  state.person = person;
  state.peer = null;
  localStorage.setItem("sandbox-person", person.id);
  for (const item of $("people").querySelectorAll(".item")) item.setAttribute("aria-current", item.dataset.id === String(person.id));
  const owner = $("owner");
  owner.replaceChildren(element("strong", "", `${person.first_name} ${person.last_name ?? ""}`));
  const facts = element("dl");
  const fact = (name, value) => {
    if (!value) return;
    const pair = element("div");
    pair.append(element("dt", "", name), element("dd", "", value));
    facts.append(pair);
  };
  fact("Phone", "+" + person.phone);
  fact("Name", person.username && "@" + person.username);
  fact("Id", String(person.id));
  fact("Data centre", String(person.dc_id));
  fact("Second factor", person.password ?? "none");
  fact("E-mail", person.recovery_email);
  owner.append(facts);
  closeChat();
  const others = state.people.filter(other => other.id !== person.id).slice(0, 200);
  $("new-chat").replaceChildren(new Option("a person …", ""), ...others.map(other => new Option(`${other.first_name} ${other.last_name ?? ""}`, other.id)));
  notice("");
  refresh();
}

function show(tab) {
  state.tab = tab;
  for (const button of document.querySelectorAll("[data-tab]")) button.setAttribute("aria-selected", button.dataset.tab === tab);
  for (const panel of document.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== tab;
  refresh();
}

function fill(list, items, make, whenEmpty) {
  $(list).replaceChildren(...(items.length ? items.map(make) : [element("li", "empty", whenEmpty)]));
}

async function refreshChats() {
  const chats = await call("GET", mine("chats"));
  fill("chats", chats, chat => {
    const item = element("li");
    const button = element("button", "item");
    button.type = "button";
    button.setAttribute("aria-current", chat.peer === state.peer);
    if (chat.unread) button.append(element("span", "badge", String(chat.unread)));
    button.append(chat.title, element("small", "", chat.last_message ? chat.last_message.text || chat.last_message.action || "" : ""));
    button.addEventListener("click", () => openChat(chat.peer, chat.title));
    item.append(button);
    return item;
  }, "No chats yet.");
}

function closeChat() {
  $("chat-title").textContent = "Choose a chat";
  $("messages").replaceChildren();
  $("compose").hidden = true;
  stopReply();
}

function openChat(peer, title) {
  state.peer = peer;
  state.lastId = 0;
  closeChat();
  $("chat-title").textContent = title;
  $("compose").hidden = false;
  $("text").focus();
  refresh();
}

function stopReply() {
  state.replyTo = null;
  $("reply").hidden = true;
}

async function refreshMessages() {
  if (!state.peer) return;
  const peer = state.peer;
  const person = state.person;
  const messages = await call("GET", mine(`chats/${peer}/messages?after=${state.lastId}`));
  if (peer !== state.peer || person !== state.person || !messages.length) return;
  const list = $("messages");
  for (const message of messages) {
    if (message.id <= state.lastId) continue;
    state.lastId = message.id;
    const item = element("li", "message" + (message.action ? " service" : message.out ? " out" : ""));
    item.dataset.id = message.id;
    if (message.action) {
      item.textContent = `${message.from_name} ${message.action}`;
    } else {
      if (message.reply_to) {
        const target = list.querySelector(`[data-id="${Number(message.reply_to)}"] .text`);
        item.append(element("span", "quote", target ? target.textContent : "a message"));
      }
      item.append(element("span", "text", message.text), element("small", "", `${message.out ? "" : message.from_name + ", "}${time(message.date)}`));
      item.title = "Click to reply";
      item.addEventListener("click", () => {
        state.replyTo = message.id;
        $("reply").querySelector("span").textContent = "Reply to: " + message.text.slice(0, 80);
        $("reply").hidden = false;
        $("text").focus();
      });
    }
    list.append(item);
  }
  list.scrollTop = list.scrollHeight;
  await call("POST", mine(`chats/${peer}/read`));
}

async function refreshCodes() {
  const make = entry => {
    const item = element("li", "entry");
    const left = element("div");
    const expired = new Date(entry.expires_at) < new Date();
    left.append(element("span", "code", entry.code), element("small", "", `${entry.email ?? "+" + entry.phone}, sent ${time(entry.sent_at)}, ${expired ? "expired" : "valid until " + time(entry.expires_at)}`));
    item.append(left);
    return item;
  };
  fill("codes", await call("GET", mine("codes")), make, "No code has arrived.");
  fill("emails", await call("GET", mine("emails")), make, "No e-mail has arrived.");
}

async function refreshDevices() {
  fill("devices", await call("GET", mine("devices")), device => {
    const item = element("li", "entry");
    const left = element("div");
    left.append(device.device_model, element("small", "", `${device.app_name}, data centre ${device.dc_id}, since ${new Date(device.created_at).toLocaleString()}, active ${time(device.last_active_at)}`));
    const end = element("button", "quiet", "Terminate");
    end.type = "button";
    end.addEventListener("click", () => run(async () => {
      await call("DELETE", mine("devices/" + device.hash));
      notice("The session was ended.");
      await refreshDevices();
    }));
    item.append(left, end);
    return item;
  }, "Nobody is signed in.");
}

async function refresh() {
  if (!state.person) return;
  try {
    if (state.tab === "chats") {
      await refreshChats();
      await refreshMessages();
    } else if (state.tab === "codes") await refreshCodes();
    else if (state.tab === "devices") await refreshDevices();
  } catch (error) {
    notice(error.message, true);
  }
}

async function run(action) {
  try {
    await action();
  } catch (error) {
    notice(error.message, true);
  }
}

async function start() {
  if (!state.token) {
    askForToken();
    return;
  }
  await run(async () => {
    state.people = await call("GET", "people");
    $("token-form").hidden = true;
    $("main").hidden = false;
    fill("people", state.people.slice(0, 200), person => {
      const item = element("li");
      const button = element("button", "item", `${person.first_name} ${person.last_name ?? ""}`);
      button.type = "button";
      button.dataset.id = person.id;
      button.append(element("small", "", `+${person.phone}${person.password ? ", second factor" : ""}`));
      button.addEventListener("click", () => choose(person));
      item.append(button);
      return item;
    }, "Nobody lives here.");
    const wanted = localStorage.getItem("sandbox-person");
    choose(state.people.find(person => String(person.id) === wanted) ?? state.people[0]);
    show($("scan-url").value ? "scan" : state.tab);
  });
}

function readFragment() {
  const fragment = location.hash.slice(1);
  if (!fragment) return;
  const take = name => {
    const match = fragment.match(new RegExp("(?:^|&)" + name + "=(.*?)(?=&(?:token|scan|person)=|$)"));
    return match ? match[1] : null;
  };
  const decode = text => {
    try { return decodeURIComponent(text); } catch { return text; }
  };
  const token = take("token");
  if (token) {
    state.token = decode(token);
    localStorage.setItem("sandbox-token", state.token);
  }
  const person = take("person");
  if (person) localStorage.setItem("sandbox-person", decode(person));
  const scan = take("scan");
  if (scan) $("scan-url").value = decode(scan);
  // The token must not stay in the address bar, in screenshots and in the history.
  history.replaceState(null, "", location.pathname);
}

$("token-form").addEventListener("submit", event => {
  event.preventDefault();
  state.token = $("token").value;
  localStorage.setItem("sandbox-token", state.token);
  start();
});

$("scan").addEventListener("submit", event => {
  event.preventDefault();
  run(async () => {
    await call("POST", mine("scan"), { url: $("scan-url").value.trim() });
    $("scan-url").value = "";
    notice("The login was confirmed.");
  });
});

$("compose").addEventListener("submit", event => {
  event.preventDefault();
  run(async () => {
    const text = $("text").value;
    if (!text.trim()) return;
    await call("POST", mine(`chats/${state.peer}/messages`), state.replyTo ? { text, reply_to: state.replyTo } : { text });
    $("text").value = "";
    stopReply();
    notice("");
    await refresh();
  });
});

$("text").addEventListener("keydown", event => {
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    $("compose").requestSubmit();
  }
});

$("reply-cancel").addEventListener("click", stopReply);
$("new-chat").addEventListener("change", event => {
  const person = state.people.find(other => String(other.id) === event.target.value);
  if (person) openChat(String(person.id), `${person.first_name} ${person.last_name ?? ""}`);
  event.target.value = "";
});
for (const button of document.querySelectorAll("[data-tab]")) button.addEventListener("click", () => show(button.dataset.tab));
window.addEventListener("hashchange", () => { readFragment(); start(); });

readFragment();
show("chats");
start();
setInterval(() => { if (!document.hidden && !$("main").hidden) refresh(); }, 1000);
