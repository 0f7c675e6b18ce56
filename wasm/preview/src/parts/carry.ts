// Copies and downloads text.

/** Returns whether the text was copied. */
export async function copyText(text: string): Promise<boolean> {
  try {
    // Exists only in secure contexts; a server on plain HTTP is not one.
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.setAttribute("aria-hidden", "true");
    area.style.position = "fixed";
    area.style.opacity = "0";
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return done;
  }
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
