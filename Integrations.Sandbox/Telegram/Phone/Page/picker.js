import { call, mine } from "./api.js";
import { $, button, element, fill, setText } from "./dom.js";
import { dressAvatar } from "./format.js";
import { state } from "./state.js";

let wanted = { source: async () => [], pick: () => {} };
let asked = 0;

// A dialog in which somebody or something is chosen by a piece of its name.
export function openPicker({ title, label, source, pick, isNew }) {
  wanted = { source, pick };
  setText($("picker-title"), title);
  setText($("picker-problem"), "");
  $("picker-filter").setAttribute("aria-label", label);
  $("picker-filter").placeholder = label;
  $("picker-filter").value = "";
  $("picker-people").replaceChildren();
  $("new-room").hidden = !isNew;
  show();
  $("picker").showModal();
  $("picker-filter").focus();
}

// Everybody, every bot and every public room.
export const everybody = text => call("GET", mine("find?name=" + encodeURIComponent(text)));

async function show() {
  const mineOnly = ++asked;
  try {
    const found = await wanted.source($("picker-filter").value.trim());
    if (mineOnly !== asked) return;
    fill($("picker-people"), found, one => one.peer, create, "Nobody of this name.");
  } catch (problem) {
    if (problem.status === undefined) throw problem;
    setText($("picker-problem"), problem.message);
  }
}

const WHAT = { supergroup: "group", channel: "channel", group: "group" };

function create(one) {
  const avatar = element("span", "avatar");
  avatar.setAttribute("aria-hidden", "true");
  dressAvatar(avatar, one.title, one.peer);
  const item = button("", "item", async () => {
    item.disabled = true;
    try {
      const after = await wanted.pick(one);
      // The dialog gives the focus back as it closes: who wants it elsewhere takes it after that.
      $("picker").close();
      after?.();
    } catch (problem) {
      if (problem.status === undefined) throw problem;
      setText($("picker-problem"), problem.message);
    } finally {
      item.disabled = false;
    }
  });
  const facts = [one.is_bot ? "bot" : WHAT[one.kind], one.username && "@" + one.username, one.is_member === false && WHAT[one.kind] && "join"].filter(Boolean);
  item.append(avatar, element("span", "names", element("b", "", one.title), facts.length ? element("small", "", facts.join(" · ")) : null));
  return element("li", "", item);
}

export function setUpPicker(openChat, newRoom) {
  $("new-message").addEventListener("click", () => openPicker({
    title: "New message",
    label: "Name, @username or invite link",
    isNew: true,
    source: async text => /t\.me\/|^\+/.test(text)
      ? [{ peer: text, kind: "link", title: "Join by this link" }]
      : (await everybody(text)).filter(one => one.peer !== String(state.person.id)),
    pick: async one => {
      const isRoom = one.kind === "link" || one.peer.startsWith("c");
      const joined = isRoom && !one.is_member ? await call("POST", mine("joined"), { link: one.kind === "link" ? one.peer : "@" + one.username }) : one;
      state.found.set(joined.peer, joined);
      return () => openChat(joined.peer);
    },
  }));
  $("new-room").addEventListener("click", () => {
    $("picker").close();
    newRoom();
  });
  $("picker-filter").addEventListener("input", show);
  $("picker-close").addEventListener("click", () => $("picker").close());
}
