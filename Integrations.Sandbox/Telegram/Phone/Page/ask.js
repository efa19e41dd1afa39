import { $, setText } from "./dom.js";

let answered = async () => {};

// One question with one line as its answer, such as the name of a topic.
export function ask({ title, label, value, confirm, max }, answer) {
  answered = answer;
  setText($("ask-title"), title);
  setText($("ask-label"), label);
  setText($("ask-problem"), "");
  setText($("ask-yes"), confirm);
  Object.assign($("ask-text"), { value: value ?? "", maxLength: max ?? 128, hidden: false, required: true });
  $("ask-label").hidden = false;
  $("ask-yes").className = "primary";
  $("ask").showModal();
  $("ask-text").select();
}

// A question that is answered with yes or no.
export function confirm({ title, text, yes }, answer) {
  answered = answer;
  setText($("ask-title"), title);
  setText($("ask-problem"), "");
  setText($("ask-yes"), yes);
  setText($("ask-lead"), text);
  Object.assign($("ask-text"), { hidden: true, required: false, value: "" });
  $("ask-label").hidden = true;
  $("ask-yes").className = "danger";
  $("ask").showModal();
  $("ask-no").focus();
}

export function setUpAsk() {
  $("ask").addEventListener("close", () => setText($("ask-lead"), ""));
  $("ask-no").addEventListener("click", () => $("ask").close());
  $("ask-form").addEventListener("submit", async event => {
    event.preventDefault();
    $("ask-yes").disabled = true;
    try {
      const after = await answered($("ask-text").value.trim());
      // The dialog gives the focus back as it closes: who wants it elsewhere takes it after that.
      $("ask").close();
      after?.();
    } catch (problem) {
      if (problem.status === undefined) throw problem;
      setText($("ask-problem"), problem.message);
    } finally {
      $("ask-yes").disabled = false;
    }
  });
}
