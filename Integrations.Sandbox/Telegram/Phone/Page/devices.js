import { call, mine } from "./api.js";
import { $, button, element, fill, setText } from "./dom.js";
import { moment } from "./format.js";
import { fullName, state } from "./state.js";

let asked = null;

export async function refreshDevices() {
  const person = state.person;
  const devices = await call("GET", mine("devices"));
  if (person !== state.person) return;
  fill($("devices"), devices, device => device.hash, create, `${person.first_name} is signed in nowhere. Scan a QR code to link a device.`, (node, device) => {
    setText(node.querySelector(".model"), device.device_model);
    setText(node.querySelector(".app"), `${device.app_name} · data centre ${device.dc_id}`);
    setText(node.querySelector(".when"), `Signed in ${moment(device.created_at)} · last active ${moment(device.last_active_at)}`);
  });
}

export const forgetDevices = () => setText($("devices-said"), "");

function create(device) {
  const revoke = button("Revoke", "danger", () => ask(device));
  revoke.setAttribute("aria-label", `Revoke ${device.device_model}`);
  return element(
    "li", "",
    element("span", "names", element("b", "model"), element("small", "app"), element("small", "when")),
    revoke);
}

function ask(device) {
  asked = device;
  setText($("revoke-text"), `${device.device_model} will be signed out of ${fullName(state.person)}'s account at once. To use it again, it has to log in anew.`);
  setText($("revoke-problem"), "");
  setText($("devices-said"), "");
  $("revoke").showModal();
}

export function setUpDevices() {
  $("revoke-no").addEventListener("click", () => $("revoke").close());
  $("revoke-yes").addEventListener("click", async () => {
    $("revoke-yes").disabled = true;
    try {
      await call("DELETE", mine("devices/" + asked.hash));
      $("revoke").close();
      setText($("devices-said"), `${asked.device_model} was revoked.`);
      await refreshDevices();
    } catch (problem) {
      setText($("revoke-problem"), problem.message);
    } finally {
      $("revoke-yes").disabled = false;
    }
  });
}
