// What the page shows now. One object, so that every part sees the same person and chat.
export const state = {
  people: [],
  person: null,
  tab: "chats",
  chats: [],
  peer: null,
  topic: null,
  // Bots and rooms that were found and are in no list of chats yet, by peer.
  found: new Map(),
};

export const fullName = person => [person.first_name, person.last_name].filter(Boolean).join(" ");

export const BOT_FATHER = "93372553";

export const chatOf = peer => state.chats.find(chat => chat.peer === peer);
