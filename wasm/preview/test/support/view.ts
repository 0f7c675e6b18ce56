// What runs in a page.

/** The first element that a selector finds, in shadow roots too; what stands behind a `>>` is in the shadow root before it. */
export const FIND = `function find(selector) {
  const first = (selector, root) => {
    const own = root.querySelector(selector);
    if (own) return own;
    for (const host of root.querySelectorAll("*")) {
      const inner = host.shadowRoot && first(selector, host.shadowRoot);
      if (inner) return inner;
    }
    return null;
  };
  return selector.split(" >> ").reduce((root, part) => root && first(part, root.shadowRoot ?? root), document);
}`;

/** Another view of the folder or the zip that is open, as an address has it; waits until it has begun. */
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
