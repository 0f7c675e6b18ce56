// Renders only the visible rows of a long list; all of them to be printed.

import type { ReactiveController, ReactiveControllerHost } from "lit";

const OVERSCAN = 8;
const PRINT = ["beforeprint", "afterprint"] as const;

export class VirtualRows implements ReactiveController {
  #scroller: HTMLElement | null = null;
  #sizes: ResizeObserver;
  #waiting = false;
  #printing = false;
  #top = 0;
  #height = 600;

  constructor(
    private host: ReactiveControllerHost,
    public rowHeight: number,
    public header = 0,
  ) {
    host.addController(this);
    this.#sizes = new ResizeObserver(() => this.#look());
  }

  hostConnected(): void {
    for (const event of PRINT) addEventListener(event, this.#print);
  }

  hostDisconnected(): void {
    for (const event of PRINT) removeEventListener(event, this.#print);
    this.attach(null);
  }

  /** Follows the element that scrolls. */
  attach(scroller: HTMLElement | null): void {
    if (scroller === this.#scroller) return;
    this.#scroller?.removeEventListener("scroll", this.#scrolled);
    this.#sizes.disconnect();
    this.#scroller = scroller;
    if (scroller === null) return;
    scroller.addEventListener("scroll", this.#scrolled, { passive: true });
    this.#sizes.observe(scroller);
    this.#look();
  }

  /** The rows to render, from `start` up to `end`. */
  range(count: number): { start: number; end: number } {
    if (this.#printing) return { start: 0, end: count };
    const start = Math.max(0, Math.floor(this.#top / this.rowHeight) - OVERSCAN);
    const end = Math.min(count, Math.ceil((this.#top + this.#height) / this.rowHeight) + OVERSCAN);
    return { start: Math.min(start, Math.max(0, count - 1)), end };
  }

  /** Rows that fit. */
  get page(): number {
    return Math.max(1, Math.floor((this.#height - this.header) / this.rowHeight) - 1);
  }

  /** Scrolls until a row is visible. */
  reveal(row: number): void {
    const scroller = this.#scroller;
    if (scroller === null) return;
    const top = row * this.rowHeight;
    const bottom = top + this.rowHeight + this.header;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight;
    this.#look();
  }

  #print = ({ type }: Event) => {
    this.#printing = type === "beforeprint";
    this.host.requestUpdate();
    // At once: Firefox takes its copy of the page before promises go on.
    if (this.#printing) (this.host as unknown as { performUpdate(): void }).performUpdate();
  };

  #scrolled = () => {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#look();
    });
  };

  #look(): void {
    const { scrollTop, clientHeight } = this.#scroller ?? { scrollTop: 0, clientHeight: 0 };
    if (scrollTop === this.#top && clientHeight === this.#height) return;
    this.#top = scrollTop;
    this.#height = clientHeight;
    this.host.requestUpdate();
  }
}

/** The row that an arrow key moves to; null for any other key. */
export function moved(key: string, row: number, count: number, page: number): number | null {
  const to = { ArrowDown: row + 1, ArrowUp: row - 1, PageDown: row + page, PageUp: row - page, Home: 0, End: count - 1 }[key];
  return to === undefined || count === 0 ? null : Math.min(Math.max(to, 0), count - 1);
}
