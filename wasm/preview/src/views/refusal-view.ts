import { css, html, nothing } from "lit";

import type { Refusal } from "../engine/protocol.js";
import { ModelElement } from "../parts/element.js";
import { shared } from "../parts/style.js";
import { notOpened, refused as texts, tryOnTop } from "../texts/sources.js";

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
    const { reasons } = refused;
    return html`<div class="notice">
      <div role="alert" id="refused">
        <p>
          <strong>${notOpened}</strong> ${texts.what(refused)}
          ${reasons.length > 0 ? texts.nothingOffered : says(refused)}
          ${this.model.overview === null ? "" : texts.stillShown}
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
    const { host } = this.model;
    const canBeOnTop = images && host.published !== null;
    if (inside.length === 0 && content === null && !canBeOnTop) return nothing;
    const whole = { inside: "", as: null, onTop: false };
    return html`<div class="row" id="ways">
      ${inside.map(
        (directory) =>
          html`<button class="inside" @click=${() => this.#open({ ...whole, inside: directory })}>${texts.openInside(directory)}</button>`,
      )}
      ${canBeOnTop
        ? html`<button id="try-image" @click=${() => this.#open({ ...whole, onTop: true })}>${tryOnTop(host)}</button>`
        : nothing}
      ${content === null
        ? nothing
        : html`<form class="row" @submit=${this.#submit}>
            <label for="as">${texts.tryAs}</label>
            <input id="as" class="mono" required .value=${content.as} autocomplete="off" spellcheck="false" />
            <button class="main" id="try">${texts.try}</button>
          </form>`}
    </div>`;
  }

  #submit(event: Event) {
    event.preventDefault();
    const as = this.renderRoot.querySelector<HTMLInputElement>("#as")!.value.trim();
    const { refused, host } = this.model;
    if (refused?.content != null && as !== "") this.#open({ inside: refused.content.inside, as, onTop: host.published !== null });
  }

  #open(wish: Parameters<typeof this.model.openAgain>[1]) {
    const { refused } = this.model;
    if (refused !== null) void this.model.openAgain(refused, wish);
  }
}

function says({ inside, content, images }: Refusal["refused"]) {
  if (inside.length > 0) return texts.inside(inside[0]!);
  if (content !== null) return texts.content(content.inside);
  return images ? texts.images : texts.nothing;
}

customElements.define("rp-refusal-view", RefusalView);
