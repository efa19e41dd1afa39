import { fetchFile, mine } from "./api.js";
import { $, button, element, setText } from "./dom.js";
import { size } from "./format.js";
import { state } from "./state.js";
import { toast } from "./toast.js";

// Bytes that were fetched, by person, chat and message: an address cannot carry the token, so the page fetches them itself.
const fetched = new Map();

const seen = new IntersectionObserver(entries => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    target.load?.();
  }
}, { rootMargin: "300px" });

export function forgetMedia() {
  for (const known of fetched.values()) known.then(URL.revokeObjectURL, () => {});
  fetched.clear();
  seen.disconnect();
}

function addressOf(message) {
  const path = mine(`chats/${state.peer}/messages/${message.id}/file`);
  const key = `${path}/${message.edited_at ?? ""}`;
  if (!fetched.has(key)) {
    const loading = fetchFile(path).then(URL.createObjectURL);
    fetched.set(key, loading);
    loading.catch(() => fetched.delete(key));
  }
  return fetched.get(key);
}

// What a message carries, as a messenger shows it.
export function media(message) {
  const { kind, mime_type: type } = message.media;
  if (kind === "photo" || (kind === "sticker" && /^image\/(webp|png|jpeg|gif)$/i.test(type))) return picture(message, kind);
  if (kind === "voice" || kind === "audio") return player(message, kind);
  return file(message);
}

function picture(message, kind) {
  const { width, height, emoji } = message.media;
  const image = element("img", "");
  image.alt = kind === "sticker" ? `Sticker ${emoji ?? ""}`.trim() : message.text || `Photo from ${message.out ? "you" : message.from_name}`;
  if (width && height) Object.assign(image, { width, height });
  const frame = kind === "sticker" ? element("span", "sticker", image) : button("", "photo", () => view(message, image));
  if (kind !== "sticker") {
    frame.append(image);
    frame.setAttribute("aria-label", `Open the photo${message.text ? ": " + message.text : ""}`);
  }
  later(frame, message, address => { image.src = address; });
  return frame;
}

function player(message, kind) {
  const audio = element("audio", "");
  audio.controls = true;
  audio.setAttribute("aria-label", kind === "voice" ? "Voice message" : message.media.name);
  const node = element(
    "div", "player",
    element("span", "file-name", kind === "voice" ? "Voice message" : message.media.name),
    audio);
  later(node, message, address => { audio.src = address; });
  return node;
}

function file(message) {
  const { name, size: bytes } = message.media;
  const node = button("", "file", async () => {
    try {
      const link = element("a", "");
      link.href = await addressOf(message);
      link.download = name;
      link.click();
    } catch (problem) {
      if (problem.status === undefined) throw problem;
      toast(problem.message);
    }
  });
  node.setAttribute("aria-label", `Download ${name}, ${size(bytes)}`);
  const icon = element("span", "file-icon", "↓");
  icon.setAttribute("aria-hidden", "true");
  node.append(icon, element("span", "names", element("b", "", name), element("small", "", size(bytes))));
  return node;
}

// Fetched when it comes into sight.
function later(node, message, show) {
  node.load = async () => {
    try {
      show(await addressOf(message));
    } catch (problem) {
      if (problem.status === undefined) throw problem;
      node.classList.add("lost");
      node.title = problem.message;
    }
  };
  seen.observe(node);
}

function view(message, image) {
  $("viewer-image").src = image.src;
  $("viewer-image").alt = image.alt;
  setText($("viewer-title"), `${message.out ? "You" : message.from_name}, ${new Date(message.date).toLocaleString()}`);
  $("viewer").showModal();
}

export function setUpMedia() {
  $("viewer-close").addEventListener("click", () => $("viewer").close());
  $("viewer").addEventListener("click", event => { if (event.target === $("viewer")) $("viewer").close(); });
}
