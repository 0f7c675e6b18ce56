import { css, html, nothing } from "lit";

import type { SourceName } from "../engine/protocol.js";
import { choosesFolders } from "../files.js";
import { ModelElement } from "../parts/element.js";
import { shared } from "../parts/style.js";
import { wanted } from "../texts/sources.js";

/** What to give the page while nothing is open: what the address names, or any releases. */
export class WantedView extends ModelElement {
  static override styles = [
    shared,
    css`
      .panel {
        text-align: center;
        padding: 56px 20px;
        display: grid;
        gap: 10px;
        justify-items: center;
        border-style: dashed;
        border-color: var(--strong-line);
        overflow-wrap: anywhere;
      }
      p {
        max-width: 62ch;
      }
    `,
  ];

  protected override render() {
    const { wanted: source } = this.model;
    return html`<section class="panel">${source === null ? this.#any() : this.#named(source)}</section>`;
  }

  #any() {
    return html`<h2>${wanted.any}</h2>
      <p class="soft">${wanted.whatItIs}</p>`;
  }

  #named(source: SourceName) {
    const { host } = this.model;
    return html`<h2 id="wanted">${wanted.named(source)}</h2>
      <p class="soft">${wanted.where(source, host, source.kind === "zip" || choosesFolders)}</p>
      ${host.published === null
        ? nothing
        : html`<button id="instead" @click=${() => this.model.openServer()}>${wanted.instead(host)}</button>`}`;
  }
}

customElements.define("rp-wanted-view", WantedView);
