// What the page shows now. One object, so that every part sees the same person and chat.
export const state = {
  people: [],
  person: null,
  tab: "chats",
  chats: [],
  peer: null,
};

export const fullName = person => [person.first_name, person.last_name].filter(Boolean).join(" ");
