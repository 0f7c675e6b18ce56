/** Runs in a page, and waits until it has begun: another view of the folder or the zip that is open, as an address has it. */
export function showing(view: string): string {
  return `(async () => {
    const wanted = new URLSearchParams(${JSON.stringify(view)});
    const shown = new URLSearchParams(location.hash.slice(1));
    for (const name of ["folder", "zip", "digest"]) if (shown.has(name)) wanted.set(name, shown.get(name));
    const fragment = "#" + wanted;
    if (fragment === location.hash) return "";
    const changed = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
    location.hash = fragment;
    await changed;
    return "";
  })()`;
}
