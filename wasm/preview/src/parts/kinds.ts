import type { Kind } from "../engine/protocol.js";

/** How a kind of change is shown; never by colour alone. */
export const KIND_TEXTS: Record<Kind, { sign: string; word: string; title: string }> = {
  delete: { sign: "−", word: "delete", title: "on the device and not in the target" },
  new: { sign: "+", word: "new", title: "in the target and not on the device" },
  update: { sign: "~", word: "update", title: "in both, with different content" },
  same: { sign: "=", word: "unchanged", title: "the device keeps it" },
  protected: { sign: "•", word: "protected", title: "no update touches it: the server's settings protect it" },
};
