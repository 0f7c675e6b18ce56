import { LitElement } from "lit";

import type { Model } from "../model.js";

/** A part of the page that shows the model and is rendered again when it changes. */
export abstract class ModelElement extends LitElement {
  static override properties: Record<string, object> = { model: { attribute: false } };

  declare model: Model;
  #heard: Model | null = null;
  #leave: (() => void) | null = null;

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

  #listen(): void {
    const { model } = this;
    if (model === undefined || model === this.#heard) return;
    this.#leave?.();
    this.#heard = model;
    this.#leave = model.subscribe(() => this.requestUpdate());
  }
}
