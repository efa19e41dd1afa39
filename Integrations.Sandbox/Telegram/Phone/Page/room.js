import { confirm } from "./ask.js";
import { call, mine } from "./api.js";
import { $, button, copyButton, element, reconcile, setText } from "./dom.js";
import { count, dressAvatar } from "./format.js";
import { everybody, openPicker } from "./picker.js";
import { openRights } from "./rights.js";
import { chatOf, state } from "./state.js";

let room = null;
let refreshNow = () => {};
let leave = () => {};

const can = right => room.rank === "creator" || room.rights.includes(right);
const KIND = { group: "Basic group", supergroup: "Group", channel: "Channel" };

export async function refreshRoom() {
  if (!$("room").open || !state.peer) return;
  const { person, peer } = state;
  const [found, members] = await Promise.all([call("GET", mine("chats/" + peer)), call("GET", mine(`chats/${peer}/members`))]);
  if (person !== state.person || peer !== state.peer) return;
  room = found;
  const isChannel = room.kind === "channel";
  setText($("room-title"), room.title);
  setText($("room-facts"), [
    KIND[room.kind], count(room.members, isChannel ? "subscriber" : "member"), room.username && "@" + room.username,
    room.rank !== "member" && `you: ${room.rank}`,
  ].filter(Boolean).join(" · "));
  setText($("room-about"), room.about);
  $("room-link").hidden = !can("can_invite_users");
  setText($("room-address"), room.invite_link ?? "No link yet.");
  reconcile($("room-copy"), room.invite_link ? [room.invite_link] : [], link => link, link => copyButton(link, "the invite link"));
  setText($("room-new-link"), room.invite_link ? "Make another link" : "Make a link");
  $("room-topics-row").hidden = room.kind !== "supergroup" || room.rank !== "creator";
  $("room-topics").checked = room.has_topics;
  setText($("room-members-title"), isChannel ? "Subscribers" : "Members");
  $("room-add").hidden = isChannel ? !can("can_invite_users") : room.rank === "left";
  $("room-leave").hidden = room.rank === "left" || (room.rank === "creator" && room.kind !== "group");
  reconcile($("room-members"), members, member => `${member.id}/${member.rank}/${member.rights}/${member.may_write}`, create);
}

function create(member) {
  const avatar = element("span", "avatar");
  avatar.setAttribute("aria-hidden", "true");
  dressAvatar(avatar, member.name, member.id);
  const isChangeable = member.rank !== "creator" && member.id !== state.person.id
    && (room.kind === "group" ? room.rank === "creator" : can("can_promote_members") || can("can_restrict_members"));
  const facts = [member.rank === "member" ? null : member.rank, member.is_bot && "bot", member.username && "@" + member.username].filter(Boolean).join(" · ");
  const inside = [avatar, element("span", "names", element("b", "", member.name), facts ? element("small", "", facts) : null)];
  if (!isChangeable) return element("li", "", element("div", "item plain", ...inside));
  const item = button("", "item", () => openRights(room, member, refreshNow));
  item.setAttribute("aria-label", `Rights of ${member.name}${facts ? ", " + facts : ""}`);
  item.setAttribute("aria-haspopup", "dialog");
  item.append(...inside);
  return element("li", "", item);
}

async function attempt(act) {
  setText($("room-problem"), "");
  try {
    await act();
    refreshNow();
  } catch (problem) {
    if (problem.status === undefined) throw problem;
    setText($("room-problem"), problem.message);
    await refreshRoom();
  }
}

export function newRoom() {
  $("make-form").reset();
  setText($("make-problem"), "");
  showTopicsChoice();
  $("make").showModal();
  $("make-title").focus();
}

const chosenKind = () => $("make-form").elements.kind.value;

function showTopicsChoice() {
  $("make-topics").disabled = chosenKind() !== "supergroup";
  if ($("make-topics").disabled) $("make-topics").checked = false;
  $("make-about").disabled = chosenKind() === "group";
}

export function setUpRoom(openChat, closeChat, refresh) {
  refreshNow = refresh;
  leave = closeChat;
  $("chat-info").addEventListener("click", async () => {
    $("room-members").replaceChildren();
    setText($("room-problem"), "");
    setText($("room-title"), chatOf(state.peer)?.title ?? "");
    $("room").showModal();
    await attempt(refreshRoom);
  });
  $("room-close").addEventListener("click", () => $("room").close());
  $("room-new-link").addEventListener("click", () => attempt(() => call("POST", mine(`chats/${state.peer}/invite`), {})));
  $("room-topics").addEventListener("change", () => attempt(() => call("PATCH", mine("chats/" + state.peer), { topics: $("room-topics").checked })));
  $("room-add").addEventListener("click", () => openPicker({
    title: `Add to ${room.title}`,
    label: "Name or @username",
    source: async text => (await everybody(text)).filter(one => one.kind === "private" && one.username !== "BotFather"),
    pick: async one => {
      await call("POST", mine(`chats/${state.peer}/members`), { user_id: Number(one.peer) });
      refreshNow();
    },
  }));
  $("room-leave").addEventListener("click", () => confirm({ title: `Leave ${room.title}?`, text: "Somebody has to let you in again, or you need a link.", yes: "Leave" }, async () => {
    await call("DELETE", mine(`chats/${state.peer}/members/${state.person.id}`));
    return () => {
      $("room").close();
      leave();
      refreshNow();
    };
  }));
  $("make-no").addEventListener("click", () => $("make").close());
  $("make-form").addEventListener("change", showTopicsChoice);
  $("make-form").addEventListener("submit", async event => {
    event.preventDefault();
    $("make-yes").disabled = true;
    try {
      const made = await call("POST", mine("rooms"), {
        kind: chosenKind(), title: $("make-title").value, about: $("make-about").value, topics: $("make-topics").checked,
      });
      $("make").close();
      await refreshNow();
      openChat(made.peer);
    } catch (problem) {
      if (problem.status === undefined) throw problem;
      setText($("make-problem"), problem.message);
    } finally {
      $("make-yes").disabled = false;
    }
  });
}
