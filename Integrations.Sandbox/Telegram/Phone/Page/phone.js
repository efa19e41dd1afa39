import { call, hasToken, mine, useToken, whenRefused } from "./api.js";
import { setUpAsk } from "./ask.js";
import { refreshChats } from "./chats.js";
import { say, setUpCompose } from "./compose.js";
import { closeChat, openChat, openTopic, refreshConversation, setUpConversation } from "./conversation.js";
import { forgetDevices, refreshDevices, setUpDevices } from "./devices.js";
import { $, setText } from "./dom.js";
import { refreshCodes, refreshEmails } from "./inbox.js";
import { setUpMedia } from "./media.js";
import { setUpMenu } from "./menu.js";
import { everybody, setUpPicker } from "./picker.js";
import { showOwner, showPeople, showUnread, unreadOf } from "./people.js";
import { refreshProfile } from "./profile.js";
import { setUpRights } from "./rights.js";
import { newRoom, refreshRoom, setUpRoom } from "./room.js";
import { fillScan, forgetScan, refreshScan, setUpScan, showScan } from "./scan.js";
import { state } from "./state.js";
import { whenFollowed } from "./text.js";
import { toast } from "./toast.js";
import { setUpTopics } from "./topics.js";

const RETRY_MS = 1000;
const TABS = ["chats", "scan", "codes", "emails", "devices", "profile"];
const REFRESH = { scan: refreshScan, codes: refreshCodes, emails: refreshEmails, devices: refreshDevices, profile: refreshProfile };

let following = 0;
let refreshing = Promise.resolve();

function lock(text) {
  following++;
  $("app").hidden = true;
  $("locked").hidden = false;
  setText($("token-problem"), text ?? "");
  $("token").focus();
}

function choose(person) {
  closeChat();
  forgetScan();
  forgetDevices();
  state.person = person;
  state.chats = [];
  localStorage.setItem("sandbox-person", person.id);
  $("chats").replaceChildren();
  for (const list of ["codes", "emails", "devices", "profile"]) $(list).replaceChildren();
  showPeople(choose);
  showOwner();
  showScan();
  setTitle();
  refresh();
}

function showTab(tab, withFocus) {
  state.tab = tab;
  for (const name of TABS) {
    const button = $("tab-" + name);
    button.setAttribute("aria-selected", String(name === tab));
    button.tabIndex = name === tab ? 0 : -1;
    $("panel-" + name).hidden = name !== tab;
  }
  document.body.dataset.tab = tab;
  if (withFocus) $("tab-" + tab).focus();
  refresh();
}

function setTitle() {
  const count = unreadOf(state.person);
  document.title = `${count ? `(${count}) ` : ""}${state.person.first_name} · Sandbox phone`;
}

// One after another, so that two answers never mix; what fails is tried again with the next change.
function refresh() {
  refreshing = refreshing.catch(() => {}).then(async () => {
    if (!state.person) return;
    try {
      await refreshChats(openChat);
      await refreshConversation();
      await refreshRoom();
      await REFRESH[state.tab]?.();
      setText($("connection"), "");
    } catch (problem) {
      if (problem.status === undefined) throw problem;
      setText($("connection"), problem.message);
    }
  });
  return refreshing;
}

// What was pressed in a text: a command is said, and a link of this Telegram leads to its room or person.
async function followLink({ say: text, link }) {
  try {
    if (text) {
      await say(text);
      return;
    }
    const name = link.split("/")[0].toLowerCase();
    const known = name.startsWith("+") ? null : (await everybody(name)).find(one => one.username?.toLowerCase() === name);
    const found = known && (known.kind === "private" || known.is_member) ? known : await call("POST", mine("joined"), { link: "https://t.me/" + link });
    state.found.set(found.peer, found);
    await refresh();
    openChat(found.peer);
  } catch (problem) {
    if (problem.status === undefined) throw problem;
    toast(problem.message);
  }
}

// Asks what is new; the sandbox answers when something is. A newer start ends this one.
async function follow() {
  const mine = ++following;
  let version = 0;
  while (mine === following) {
    try {
      const changes = await call("GET", "changes?after=" + version);
      if (mine !== following) return;
      showUnread(changes.unread);
      setTitle();
      version = changes.version;
      // Also when nothing happened: codes expire and days end by themselves.
      await refresh();
    } catch (problem) {
      if (problem.status === undefined) throw problem;
      setText($("connection"), problem.message);
      await new Promise(resolve => setTimeout(resolve, RETRY_MS));
    }
  }
}

// The token comes once in the fragment, which no server sees, and is kept for this browser: #token=… signs in, &scan=<link> opens the
// scanner with a link filled in, &person=<id> chooses the person.
function readFragment() {
  const fragment = location.hash.slice(1);
  if (!fragment) return false;
  const take = name => {
    const match = fragment.match(new RegExp("(?:^|&)" + name + "=(.*?)(?=&(?:token|scan|person)=|$)"));
    if (!match) return null;
    try {
      return decodeURIComponent(match[1]);
    } catch {
      return match[1];
    }
  };
  const token = take("token");
  if (token) useToken(token);
  const person = take("person");
  if (person) localStorage.setItem("sandbox-person", person);
  const scan = take("scan");
  if (scan) fillScan(scan);
  // The token must not stay in the address bar, in screenshots and in the history.
  history.replaceState(null, "", location.pathname);
  return Boolean(scan);
}

async function start(toScan) {
  if (!hasToken()) {
    lock();
    return;
  }
  try {
    state.people = await call("GET", "people");
  } catch (problem) {
    lock(problem.message);
    return;
  }
  $("locked").hidden = true;
  $("app").hidden = false;
  const wanted = localStorage.getItem("sandbox-person");
  choose(state.people.find(person => String(person.id) === wanted) ?? state.people[0]);
  showTab(toScan ? "scan" : state.tab);
  showScan();
  if (toScan) $("scan-confirm").focus();
  follow();
}

whenRefused(() => lock("The token is not right."));
whenFollowed(followLink);
setUpMenu();
setUpAsk();
setUpMedia();
setUpConversation(refresh);
setUpCompose(refresh);
setUpTopics(openTopic, refresh);
setUpRoom(openChat, closeChat, refresh);
setUpRights();
setUpPicker(openChat, newRoom);
setUpScan(tab => showTab(tab, true));
setUpDevices();
for (const name of TABS) $("tab-" + name).addEventListener("click", () => showTab(name));
$("tabs").addEventListener("keydown", event => {
  const at = TABS.indexOf(state.tab);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: TABS.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  showTab(TABS[(to + TABS.length) % TABS.length], true);
});
$("people-filter").addEventListener("input", () => showPeople(choose));
$("token-form").addEventListener("submit", event => {
  event.preventDefault();
  useToken($("token").value.trim());
  start(false);
});
window.addEventListener("hashchange", () => start(readFragment()));
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") refresh(); });

start(readFragment());
