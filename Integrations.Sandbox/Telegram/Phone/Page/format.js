const startOfDay = date => new Date(date.getFullYear(), date.getMonth(), date.getDate());
const daysAgo = date => Math.round((startOfDay(new Date()) - startOfDay(date)) / 86_400_000);

export const time = text => new Date(text).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export function day(text) {
  const date = new Date(text);
  const ago = daysAgo(date);
  if (ago === 0) return "Today";
  if (ago === 1) return "Yesterday";
  const isThisYear = date.getFullYear() === new Date().getFullYear();
  return date.toLocaleDateString([], { day: "numeric", month: "long", year: isThisYear ? undefined : "numeric" });
}

// As a list of chats tells it: the hour today, the day of the week this week, the date before.
export function brief(text) {
  const date = new Date(text);
  const ago = daysAgo(date);
  if (ago === 0) return time(text);
  if (ago < 7) return date.toLocaleDateString([], { weekday: "short" });
  return date.toLocaleDateString([], { day: "2-digit", month: "2-digit", year: "2-digit" });
}

export const moment = text => `${day(text)}, ${time(text)}`;

// An avatar is initials on one of seven colours, the same for a person everywhere.
export function dressAvatar(node, name, id) {
  const words = name.split(" ").filter(Boolean);
  const initials = words.slice(0, 2).map(word => [...word][0]).join("").toUpperCase();
  if (node.textContent !== initials) node.textContent = initials;
  const number = Number(String(id).replace(/\D/g, "")) || 0;
  node.className = node.className.replace(/ ?\btone-\d\b/, "") + " tone-" + (number % 7);
}

export const tone = id => "name-" + (Number(id) % 7);

export function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  const [number, unit] = bytes < 1 << 20 ? [bytes / 1024, "KB"] : [bytes / (1 << 20), "MB"];
  return `${number.toFixed(number < 10 ? 1 : 0)} ${unit}`;
}

const CARRIED = { photo: "Photo", voice: "Voice message", video: "Video", video_note: "Video message", animation: "GIF" };

// A message in one line: in a list of chats, and above an answer.
export function gist(message) {
  if (message.action) return `${message.from_name} ${message.action}`;
  if (!message.media) return message.text;
  const { kind, name, emoji } = message.media;
  const what = CARRIED[kind] ?? (kind === "sticker" ? `Sticker ${emoji ?? ""}`.trim() : name);
  return message.text ? `${what}: ${message.text}` : what;
}

export const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;
