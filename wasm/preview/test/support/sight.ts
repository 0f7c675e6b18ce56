/**
 * Runs in a page: whether these words are in sight once the page says them, as a person has it before they scroll: in the window, and with nothing on top. Gives
 * "in sight", or after `ms` where else they are.
 */
export function sight(words: string, ms = 15_000): string {
  return `(${look})(${JSON.stringify(words)}, ${ms})`;
}

interface Letter {
  node: Text;
  at: number;
}

/** Without anything from outside, since it goes into the page as text. */
function look(words: string, ms: number): Promise<string> {
  /** What is said, in the order of the page, with white space as one space. */
  const said = () => {
    let text = "";
    const letters: Letter[] = [];
    const add = (letter: string, node: Text, at: number) => {
      if (letter === " " && text.endsWith(" ")) return;
      text += letter;
      letters.push({ node, at });
    };
    const read = (node: Node) => {
      if (node instanceof Text) {
        if (node.parentElement?.checkVisibility({ visibilityProperty: true, opacityProperty: true }) ?? true) {
          [...node.data].forEach((letter, at) => add(/\s/.test(letter) ? " " : letter, node, at));
        }
        return;
      }
      const isBlock = node instanceof Element && (node.tagName === "BR" || !/^(inline|contents)/.test(getComputedStyle(node).display));
      const break_ = () => isBlock && letters.length > 0 && add(" ", letters.at(-1)!.node, letters.at(-1)!.at);
      if (node instanceof Element && /^(STYLE|SELECT|SCRIPT)$/.test(node.tagName)) return;
      break_();
      const below = node instanceof Element && node.shadowRoot !== null ? node.shadowRoot : node;
      for (const child of below.childNodes) read(child);
      break_();
    };
    read(document.body);
    return { text, letters };
  };
  const on = (x: number, y: number) => {
    let element = document.elementFromPoint(x, y);
    for (;;) {
      const inner: Element | null = element?.shadowRoot?.elementFromPoint(x, y) ?? null;
      if (inner === null || inner === element) return element;
      element = inner;
    }
  };
  const where = (letters: Letter[]) => {
    for (const { node, at } of letters) {
      if (/\s/.test(node.data[at]!)) continue;
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const { left, right, top, bottom } = range.getBoundingClientRect();
      if (right - left < 2) return "not drawn";
      if (top < 0 || left < 0 || bottom > innerHeight || right > innerWidth) return `at ${Math.round(left)}, ${Math.round(bottom)}`;
      const over = on((left + right) / 2, (top + bottom) / 2);
      if (over === null || !(over.contains(node) || node.parentElement === over)) return `behind ${over?.tagName} ${over?.id}`;
    }
    return "in sight";
  };
  const began = performance.now();
  return new Promise((resolve) => {
    const again = () => {
      const { text, letters } = said();
      const places: string[] = [];
      for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) places.push(where(letters.slice(at, at + words.length)));
      if (places.includes("in sight")) resolve("in sight");
      else if (performance.now() - began < ms) setTimeout(again, 50);
      else resolve(places.length > 0 ? places.join(" and ") : `not said: ${text}`);
    };
    again();
  });
}
