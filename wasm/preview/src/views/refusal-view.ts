import { css, html, nothing } from "lit";

import type { Refusal } from "../engine/protocol.js";
import { ModelElement } from "../parts/element.js";
import { shared } from "../parts/style.js";

/** Why a folder or a zip was not opened, and what else it may be. */
export class RefusalView extends ModelElement {
  static override styles = [
    shared,
    css`
      .notice {
        display: grid;
        gap: 8px;
        margin-top: 10px;
      }
      #as {
        width: 10em;
      }
      ul {
        margin: 0;
        padding-left: 1.2em;
      }
    `,
  ];

  protected override render() {
    const { refused } = this.model;
    if (refused === null) return nothing;
    const { kind, name, reasons } = refused;
    return html`<div class="notice">
      <div role="alert" id="refused">
        <p>
          <strong>Not opened:</strong> the ${kind} <span class="mono">${name}</span>
          ${reasons.length > 0 ? "has nothing that is offered." : says(refused)}
          ${this.model.overview === null ? "" : "What was open is still shown."}
        </p>
        ${reasons.length === 0
          ? nothing
          : html`<ul>
              ${reasons.map(({ path, code, message }) => html`<li><span class="mono">${path}</span>: ${message} <code class="soft small">${code}</code></li>`)}
            </ul>`}
      </div>
      ${this.#ways(refused)}
    </div>`;
  }

  #ways(refused: Refusal["refused"]) {
    const { inside, content, images } = refused;
    const { server } = this.model;
    if (inside.length === 0 && content === null && !(images && server !== null)) return nothing;
    const whole = { inside: "", as: null, onTop: false };
    return html`<div class="row" id="ways">
      ${inside.map(
        (directory) =>
          html`<button class="inside" @click=${() => this.#open({ ...whole, inside: directory })}>Open <span class="mono">${directory}</span> inside it</button>`,
      )}
      ${images && server !== null
        ? html`<button id="try-image" @click=${() => this.#open({ ...whole, onTop: true })}>Try it on top of this server's releases</button>`
        : nothing}
      ${content === null
        ? nothing
        : html`<form class="row" @submit=${this.#submit}>
            <label for="as">Try it as release</label>
            <input id="as" class="mono" required .value=${content.as} autocomplete="off" spellcheck="false" />
            <button class="main" id="try">Try</button>
          </form>`}
    </div>`;
  }

  #submit(event: Event) {
    event.preventDefault();
    const as = this.renderRoot.querySelector<HTMLInputElement>("#as")!.value.trim();
    const { refused, server } = this.model;
    if (refused?.content != null && as !== "") this.#open({ inside: refused.content.inside, as, onTop: server !== null });
  }

  #open(wish: Parameters<typeof this.model.openAgain>[1]) {
    const { refused } = this.model;
    if (refused !== null) void this.model.openAgain(refused, wish);
  }
}

function says({ inside, content, images }: Refusal["refused"]) {
  if (inside.length > 0) return html`has no release, but <span class="mono">${inside[0]}</span> in it has.`;
  if (content !== null) {
    return content.inside === ""
      ? "is the content of one release."
      : html`has the content of one release in <span class="mono">${content.inside}</span>.`;
  }
  if (images) return "has a firmware image, and no release.";
  return html`has no release. Each is a directory named with its version, such as <code>1.0.0/</code>.`;
}

customElements.define("rp-refusal-view", RefusalView);
