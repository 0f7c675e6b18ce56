import { LitElement } from "lit";

import type { Model } from "../model.js";

/** A part of the page that shows the model and is rendered again when that changes. */
export abstract class ModelElement extends LitElement {
  static override properties: Record<string, object> = { model: { attribute: false } };

  declare model: Model;
  #leave: (() => void) | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listen();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#leave?.();
    this.#leave = null;
  }

  protected override willUpdate(): void {
    this.#listen();
  }

  #listen(): void {
    if (this.#leave === null && this.model !== undefined) this.#leave = this.model.subscribe(() => this.requestUpdate());
  }
}
