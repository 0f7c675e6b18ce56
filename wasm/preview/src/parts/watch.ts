// Looks at something again and again while a person sees the page.

export class Watch {
  #timer = 0;
  #isOn = false;
  #isLooking = false;

  /** `wait` gives the milliseconds from the end of one look to the next. */
  constructor(
    private look: () => Promise<void>,
    private wait: () => number,
  ) {}

  start(): void {
    this.#isOn = true;
    document.addEventListener("visibilitychange", this.#now);
    addEventListener("focus", this.#now);
    this.#later();
  }

  end(): void {
    this.#isOn = false;
    document.removeEventListener("visibilitychange", this.#now);
    removeEventListener("focus", this.#now);
    clearTimeout(this.#timer);
  }

  #now = async () => {
    if (document.visibilityState !== "visible" || this.#isLooking) return;
    this.#isLooking = true;
    await this.look();
    this.#isLooking = false;
    this.#later();
  };

  #later(): void {
    clearTimeout(this.#timer);
    if (this.#isOn) this.#timer = window.setTimeout(this.#now, this.wait());
  }
}
