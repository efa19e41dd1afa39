import { call, mine } from "./api.js";
import { $, copyButton, element, fill, setText } from "./dom.js";
import { moment, time } from "./format.js";
import { state } from "./state.js";

const isOver = entry => new Date(entry.expires_at) < new Date();

function fate(entry) {
  if (entry.state === "used") return "Used to log in.";
  if (entry.state === "void") return "No longer valid: a newer code was sent, or it was cancelled.";
  return isOver(entry) ? "Expired." : `Valid until ${time(entry.expires_at)}.`;
}

const isLive = entry => (entry.state ?? "open") === "open" && !isOver(entry);

function updateFate(node, entry) {
  node.classList.toggle("over", !isLive(entry));
  setText(node.querySelector(".fate"), fate(entry));
}

// Login codes, as Telegram writes them to the account itself.
export async function refreshCodes() {
  const person = state.person;
  const codes = await call("GET", mine("codes"));
  if (person !== state.person) return;
  fill($("codes"), codes, entry => entry.sent_at + entry.code, entry => element(
    "li", "",
    element("p", "", "Login code: ", element("strong", "code", entry.code), ". Do not give it to anyone, even if they say they are from Telegram."),
    element("p", "quiet", "Somebody who knows this number, +" + entry.phone + ", wants to log in. If that is not you, do nothing."),
    element("div", "foot", element("span", "fate"), element("span", "quiet", moment(entry.sent_at)), copyButton(entry.code, "the login code"))),
  `No code has arrived. Log in somewhere with +${person.phone}, and it comes here.`, updateFate);
}

export async function refreshEmails() {
  const person = state.person;
  setText($("emails-for"), person.recovery_email ?? "");
  const emails = await call("GET", mine("emails"));
  if (person !== state.person) return;
  fill($("emails"), emails, entry => entry.sent_at + entry.code, entry => element(
    "li", "",
    element("h3", "", "Your recovery code"),
    element("p", "quiet", `From Telegram to ${entry.email}, ${moment(entry.sent_at)}`),
    element("p", "", "You asked to recover the two-step password. The code is ", element("strong", "code", entry.code), "."),
    element("div", "foot", element("span", "fate"), copyButton(entry.code, "the recovery code"))),
  person.recovery_email
    ? "No e-mail has arrived. One comes when somebody forgets the two-step password while logging in."
    : `${person.first_name} gave no recovery address, so no e-mail can come.`, updateFate);
}
