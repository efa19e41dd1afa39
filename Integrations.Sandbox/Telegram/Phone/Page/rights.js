import { call, mine } from "./api.js";
import { $, element, setText } from "./dom.js";

const NAMES = {
  can_change_info: "Change the name and the description",
  can_post_messages: "Post messages",
  can_edit_messages: "Edit messages of others",
  can_delete_messages: "Delete messages of others",
  can_restrict_members: "Restrict and remove members",
  can_invite_users: "Add members and make invite links",
  can_pin_messages: "Pin messages",
  can_manage_topics: "Manage topics",
  can_promote_members: "Add administrators",
  can_manage_video_chats: "Manage video chats",
  can_post_stories: "Post stories",
  can_edit_stories: "Edit stories of others",
  can_delete_stories: "Delete stories of others",
};

let shown = null;

// What one member of a room may do, as far as the one who looks may change it.
export function openRights(room, member, done) {
  shown = { room, member, done };
  const isAdministrator = member.rank === "administrator";
  const isCreator = room.rank === "creator";
  const mayPromote = room.kind !== "group" && (isCreator || room.rights.includes("can_promote_members"));
  const mayRestrict = isCreator || room.rights.includes("can_restrict_members");
  setText($("rights-title"), member.name);
  setText($("rights-lead"), `${isAdministrator ? "Administrator" : member.rank === "restricted" ? "Restricted member" : "Member"} of ${room.title}`);
  setText($("rights-problem"), "");
  $("rights-list").hidden = !mayPromote;
  $("rights-flags").replaceChildren(...room.grantable.map(right => {
    const box = element("input", "");
    Object.assign(box, { type: "checkbox", name: right, checked: member.rights.includes(right), disabled: !isCreator && !room.rights.includes(right) });
    return element("li", "", element("label", "", box, NAMES[right] ?? right));
  }));
  $("rights-save").hidden = !mayPromote;
  setText($("rights-save"), isAdministrator ? "Save" : "Make administrator");
  $("rights-demote").hidden = !mayPromote || !isAdministrator;
  $("rights-restrict").hidden = room.kind !== "supergroup" || !mayRestrict || isAdministrator;
  setText($("rights-restrict"), member.may_write ? "Forbid to write" : "Allow to write");
  $("rights-remove").hidden = !mayRestrict;
  $("rights").showModal();
}

async function attempt(act) {
  setText($("rights-problem"), "");
  try {
    await act(mine(`chats/${shown.room.peer}/members/${shown.member.id}`));
    $("rights").close();
    shown.done();
  } catch (problem) {
    if (problem.status === undefined) throw problem;
    setText($("rights-problem"), problem.message);
  }
}

export function setUpRights() {
  $("rights-close").addEventListener("click", () => $("rights").close());
  $("rights-form").addEventListener("submit", event => {
    event.preventDefault();
    const rights = [...$("rights-flags").querySelectorAll("input:checked")].map(box => box.name);
    attempt(async path => {
      await call("PATCH", path, { rights: rights.length ? rights : ["can_manage_chat"] });
    });
  });
  $("rights-demote").addEventListener("click", () => attempt(path => call("PATCH", path, { rights: [] })));
  $("rights-restrict").addEventListener("click", () => attempt(path => call("PATCH", path, { may_write: !shown.member.may_write })));
  $("rights-remove").addEventListener("click", () => attempt(path => call("DELETE", path)));
}
