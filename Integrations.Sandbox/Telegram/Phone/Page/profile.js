import { call } from "./api.js";
import { $, copyButton, element, reconcile } from "./dom.js";
import { fullName, state } from "./state.js";

// Read anew, because a client may have changed the password.
export async function refreshProfile() {
  const { id } = state.person;
  const person = await call("GET", "people/" + id);
  if (id !== state.person.id) return;
  Object.assign(state.person, person);
  const password = !person.has_password ? "None" : person.password ?? "Set by a client, and known only there";
  const rows = [
    ["Name", fullName(person)],
    ["Phone", "+" + person.phone, true],
    ["Username", person.username ? "@" + person.username : "None"],
    ["User id", String(person.id)],
    ["Data centre", String(person.dc_id)],
    ["Two-step password", password, Boolean(person.password)],
    ["Password hint", person.password_hint ?? "None"],
    ["Recovery e-mail", person.recovery_email ?? "None"],
    ["Login code", person.code, true],
  ];
  reconcile($("profile"), rows, ([name, value]) => `${name}: ${value}`, ([name, value, canCopy]) => {
    const row = element("div", "", element("dt", "", name), element("dd", "", element("span", "value", value)));
    if (canCopy) row.lastChild.append(copyButton(value, "the " + name.toLowerCase()));
    return row;
  });
}
