import { LitElement } from "lit";

import type { Model } from "../model.js";

/** A part of the page that shows the model and is rendered again when it changes. */
export abstract class ModelElement extends LitElement {
  static override properties: Record<string, object> = { model: { attribute: false } };

  declare model: Model;
  #heard: Model | null = null;
  #leave: (() => void) | null = null;

  constructor() {
    super();
    this.addController({ hostUpdated: () => this.#level() });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listen();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#leave?.();
    this.#leave = this.#heard = null;
  }

  protected override willUpdate(): void {
    this.#listen();
  }

  /** Headings are below those of the page around: no view has to think of it. */
  #level(): void {
    const first = this.model?.host.headingLevel ?? 1;
    for (const heading of this.renderRoot.querySelectorAll("h1, h2")) {
      const own = Number(heading.localName.slice(1));
      if (first === 1) heading.removeAttribute("aria-level");
      else heading.setAttribute("aria-level", String(own + first - 1));
    }
  }

  #listen(): void {
    const { model } = this;
    if (model === undefined || model === this.#heard) return;
    this.#leave?.();
    this.#heard = model;
    this.#leave = model.subscribe(() => this.requestUpdate());
  }
}
