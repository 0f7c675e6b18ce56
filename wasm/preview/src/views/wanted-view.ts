import { css, html, nothing } from "lit";

import type { SourceName } from "../engine/protocol.js";
import { choosesFolders } from "../files.js";
import { ModelElement } from "../parts/element.js";
import { shared } from "../parts/style.js";

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
    const { wanted } = this.model;
    return html`<section class="panel">${wanted === null ? this.#any() : this.#named(wanted)}</section>`;
  }

  #any() {
    return html`<h2>Drop a folder of releases here</h2>
      <p class="soft">It has one directory for each release, named with its version, and the firmware images beside them.</p>`;
  }

  #named({ kind, name, as, onTop }: SourceName) {
    return html`<h2 id="wanted">This link shows the ${kind} <span class="mono">${name}</span></h2>
      <p class="soft">
        It was opened${as === null ? "" : html` as the release <span class="mono">${as}</span>`}${onTop ? " on top of this server's releases" : ""} by
        whoever made the link, and is on that computer, not on the server. Ask for it, and drop it
        here${kind === "zip" || choosesFolders ? " or choose it above" : ""}.
      </p>
      ${this.model.server === null
        ? nothing
        : html`<button id="instead" @click=${() => this.model.openServer()}>Show this server's releases instead</button>`}`;
  }
}

customElements.define("rp-wanted-view", WantedView);
