import type { Kind } from "../engine/protocol.js";

/** How a kind of change is shown; never by colour alone. */
export const KIND_TEXTS: Record<Kind, { sign: string; word: string; title: string }> = {
  delete: { sign: "−", word: "delete", title: "on the device and not in the target" },
  new: { sign: "+", word: "new", title: "in the target and not on the device" },
  update: { sign: "~", word: "update", title: "in both, with another content" },
  same: { sign: "=", word: "unchanged", title: "the device keeps it as it is" },
  protected: { sign: "•", word: "protected", title: "the server's settings keep every update off it" },
};
