import { call, mine } from "./api.js";
import { $, button, copyButton, element, setText } from "./dom.js";
import { dressAvatar } from "./format.js";
import { fullName, state } from "./state.js";

let show = () => {};

// After a scan: the devices there were before it, so that the new one is recognised, and whose scan it was.
let watched = null;

export function showScan() {
  const person = state.person;
  const hasLink = Boolean($("scan-url").value.trim());
  dressAvatar($("scan-avatar"), fullName(person), person.id);
  setText($("scan-title"), hasLink ? `Log in as ${person.first_name}?` : "Scan a QR code");
  setText($("scan-lead"), hasLink
    ? `The app that shows this code will read and write as ${fullName(person)}. To log in as somebody else, choose the person first.`
    : `Paste the link that the QR code shows; ${person.first_name}'s phone does the rest.`);
  setText($("scan-confirm"), `Log in as ${person.first_name}`);
}

export function fillScan(url) {
  $("scan-url").value = url;
  forgetScan();
}

export function forgetScan() {
  watched = null;
  setText($("scan-problem"), "");
  $("scan-result").replaceChildren();
}

async function scan() {
  const url = $("scan-url").value.trim();
  if (!url) return;
  const person = state.person;
  forgetScan();
  $("scan-confirm").disabled = true;
  try {
    const before = new Set((await call("GET", mine("devices"))).map(device => device.hash));
    await call("POST", mine("scan"), { url });
    if (person !== state.person) return;
    $("scan-url").value = "";
    showScan();
    watched = { person, before };
    showResult("waiting", "The login was confirmed", person.has_password ? passwordLines(person) : [element("p", "quiet", "Waiting for the app to finish …")]);
    await refreshScan();
  } catch (problem) {
    if (person === state.person) setText($("scan-problem"), problem.message);
  } finally {
    $("scan-confirm").disabled = false;
  }
}

// The device appears a moment after the scan, or after the second factor was typed into the app.
export async function refreshScan() {
  const scanOf = watched;
  if (!scanOf || scanOf.person !== state.person) return;
  const device = (await call("GET", mine("devices"))).find(other => !scanOf.before.has(other.hash));
  if (!device || watched !== scanOf) return;
  watched = null;
  showResult("done", "Device linked", [
    element("p", "", `${device.device_model} (${device.app_name}) is now signed in as ${fullName(scanOf.person)}.`),
    button("See the devices", "", () => show("devices")),
  ]);
}

function passwordLines(person) {
  const lines = [element("p", "", `${person.first_name} has a two-step password: the app asks for it now.`)];
  if (person.password) lines.push(element("p", "secret", element("code", "", person.password), copyButton(person.password, "the two-step password")));
  return lines;
}

function showResult(kind, title, lines) {
  $("scan-result").replaceChildren(element("div", "result " + kind, element("h3", "", title), ...lines));
}

export function setUpScan(showTab) {
  show = showTab;
  $("scan-url").addEventListener("input", () => {
    setText($("scan-problem"), "");
    showScan();
  });
  $("scan").addEventListener("submit", event => {
    event.preventDefault();
    scan();
  });
}
