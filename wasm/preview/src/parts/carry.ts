// Copies and downloads text.

/** Returns whether the text was copied; one that is still being made may turn out to be none. */
export async function copyText(text: string | Promise<string | null>): Promise<boolean> {
  const made = Promise.resolve(text);
  try {
    // Asked for at once: browsers allow it for a few seconds after a click. It exists only in secure contexts; a server on plain HTTP is not one.
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": made.then(blob) })]);
    return true;
  } catch {
    const value = await made;
    if (value === null) return false;
    const area = document.createElement("textarea");
    area.value = value;
    area.setAttribute("aria-hidden", "true");
    area.style.position = "fixed";
    area.style.opacity = "0";
    const focused = focusedElement();
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return done;
  }
}

function blob(text: string | null): Blob {
  if (text === null) throw new Error("there is nothing to copy");
  return new Blob([text], { type: "text/plain" });
}

/** In shadow roots too. */
function focusedElement(): Element | null {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused;
}

export function download(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // A download that has begun keeps its content.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
