import { css, html, nothing } from "lit";

import type { Overview } from "../engine/protocol.js";
import { LINKS, linkOf } from "../links.js";
import { candidateText, isCandidate } from "../parts/candidate.js";
import { ModelElement } from "../parts/element.js";
import { Narrow } from "../parts/narrow.js";
import { shared } from "../parts/style.js";
import { whatIs } from "../parts/term.js";
import * as texts from "../texts/device.js";

const OTHER = " other";

/** The form for the device, its target and its link. */
export class DeviceForm extends ModelElement {
  static override properties = { ...ModelElement.properties, typing: { state: true } };
  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      form {
        display: grid;
        gap: 14px;
      }
      .fields {
        display: grid;
        gap: 10px;
        margin-top: 8px;
      }
      .figures {
        display: grid;
        grid-template-columns: repeat(3, minmax(0, 1fr));
        gap: 8px;
        align-items: end;
      }
      .two {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 16px;
      }
      .typed {
        margin-top: 6px;
      }
      legend,
      summary {
        font-weight: 650;
      }
      summary {
        cursor: pointer;
        padding: 4px 0;
      }
      .more {
        display: grid;
        gap: 14px;
        margin-top: 8px;
      }
      @media (max-width: 559px) {
        .fields.wide {
          grid-template-columns: repeat(2, minmax(0, 1fr));
          align-items: start;
        }
      }
      @media (min-width: 560px) and (max-width: 899px) {
        .fields.wide {
          grid-template-columns: repeat(3, minmax(0, 1fr));
          align-items: end;
        }
      }
    `,
  ];

  /** Ids of the fields whose version is typed. */
  declare typing: ReadonlySet<string>;
  #narrow = new Narrow(this);

  constructor() {
    super();
    this.typing = new Set();
  }

  protected override render() {
    const { overview, view } = this.model;
    if (overview === null) return nothing;
    const versions = overview.releases.map((release) => release.version);
    const unsettled = this.model.settling.map(({ name }) => name).filter((name) => !versions.includes(name));
    const highest = versions.at(-1);
    return html`<form class="panel" @submit=${(event: Event) => event.preventDefault()} aria-label=${texts.form}>
      <fieldset>
        <legend>${texts.device}</legend>
        <div class="fields wide">
          ${this.#version({
            id: "from",
            words: texts.from,
            value: view.from,
            versions,
            unsettled,
            set: (from) => this.model.set({ from, file: null }),
          })}
          <div>
            <label class="label" for="to">${texts.target}</label>${whatIs("target")}
            <select id="to" @change=${(event: Event) => this.model.set({ to: value(event), file: null })}>
              <option value="" .selected=${view.to === null}>${texts.highest(highest, isCandidate(overview, highest))}</option>
              ${[...versions].reverse().map((version) => option(version, view.to, candidateText(overview, version)))}
              ${view.to !== null && !versions.includes(view.to) ? option(view.to, view.to, texts.notHere(view.to)) : nothing}
            </select>
          </div>
          ${this.#narrow.matches ? nothing : this.#firmware(overview)}
        </div>
        ${this.#narrow.matches ? nothing : this.#downgrade()}
      </fieldset>
      ${this.#narrow.matches
        ? html`<details>
            <summary>${texts.more}</summary>
            <div class="more">
              <div>${this.#firmware(overview)} ${this.#downgrade()}</div>
              ${this.#rules()} ${this.#link()}
            </div>
          </details>`
        : html`${this.#rules()} ${this.#link()}`}
    </form>`;
  }

  #firmware({ firmware }: Overview) {
    const { view } = this.model;
    return this.#version({
      id: "firmware",
      words: texts.firmware,
      value: view.firmware,
      versions: firmware.map((image) => image.version),
      unsettled: [],
      set: (firmware) => this.model.set({ firmware }),
    });
  }

  #downgrade() {
    const { view } = this.model;
    return html`<label class="choice">
      <input
        type="checkbox"
        id="downgrade"
        .checked=${view.downgrade}
        @change=${(event: Event) => this.model.set({ downgrade: (event.target as HTMLInputElement).checked })}
      />
      ${texts.downgrade}
    </label>`;
  }

  #rules() {
    const { overview, render: rendered } = this.model;
    if (overview === null) return nothing;
    return html`<fieldset>
        <legend>${texts.rules}</legend>
        <div class="fields">
          <div role="radiogroup" aria-labelledby="scheme-label">
            <span class="label" id="scheme-label">${texts.order}</span>${whatIs("scheme")}
            <div class="two">
              ${this.#radio("scheme", "loose", texts.orders.loose, overview.scheme === "loose", () => this.model.set({ chosenScheme: "loose" }))}
              ${this.#radio("scheme", "semver", texts.orders.semver, overview.scheme === "semver", () => this.model.set({ chosenScheme: "semver" }))}
              ${this.#radio("scheme", "pep440", texts.orders.pep440, overview.scheme === "pep440", () => this.model.set({ chosenScheme: "pep440" }))}
            </div>
          </div>
          <div role="radiogroup" aria-labelledby="paths-label">
            <span class="label" id="paths-label">${texts.paths}</span>${whatIs("dstPaths")}
            <div class="two">
              ${this.#radio("paths", "relative", "flash/…", rendered.dstPaths === "relative", () => this.model.set({ dstPaths: "relative" }))}
              ${this.#radio("paths", "absolute", "/flash/…", rendered.dstPaths === "absolute", () => this.model.set({ dstPaths: "absolute" }))}
            </div>
          </div>
          ${this.#globs("ignored", overview.ignore)} ${this.#globs("protected", overview.protect)}
        </div>
      </fieldset>`;
  }

  #radio(name: string, id: string, label: string, checked: boolean, choose: () => void) {
    return html`<label class="choice">
      <input type="radio" name=${name} id=${id} .checked=${checked} @change=${choose} /> ${label}
    </label>`;
  }

  #globs(what: "ignored" | "protected", globs: readonly string[]) {
    if (globs.length === 0) return nothing;
    return html`<p class="small"><span class="soft">${texts.globs[what]}</span>${whatIs(what)} <code>${globs.join(" ")}</code></p>`;
  }

  #link() {
    const { view, figures } = this.model;
    const link = linkOf(view.link);
    const set = (index: number) => (event: Event) => {
      const figure = Number((event.target as HTMLInputElement).value);
      if (!Number.isFinite(figure) || figure < 0) return;
      this.model.set({ figures: figures.map((old, at) => (at === index ? figure : old)) as unknown as [number, number, number] });
    };
    return html`<fieldset>
      <legend>${texts.link}</legend>
      <div class="fields">
        <select
          id="link"
          aria-label=${texts.link}
          @change=${(event: Event) => this.model.set({ link: value(event) ?? "wifi", figures: null })}
        >
          ${LINKS.map(({ id, name }) => html`<option value=${id} .selected=${id === link.id}>${name}</option>`)}
        </select>
        <div class="figures">
          ${texts.figures.map(
            (name, index) => html`<div>
              <label class="label" for="figure-${index}">${name}</label>
              <input id="figure-${index}" type="number" min="0" step="any" .value=${String(figures[index])} @change=${set(index)} />
            </div>`,
          )}
        </div>
        <p class="small soft">${link.about}.${whatIs("link")}</p>
      </div>
    </fieldset>`;
  }

  /** A field for a known version, none, or a typed one. */
  #version({ id, words, value: now, versions, unsettled, set }: VersionField) {
    const known = now === null || versions.includes(now) || unsettled.includes(now);
    const isTyped = this.typing.has(id) || !known;
    const chosen = isTyped ? OTHER : (now ?? "");
    const choose = (event: Event) => {
      const other = value(event) === OTHER;
      this.typing = other ? new Set([...this.typing, id]) : new Set([...this.typing].filter((typing) => typing !== id));
      if (!other) return set(value(event));
      void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLInputElement>(`#${id}-typed`)?.select());
    };
    return html`<div>
      <label class="label" for=${id}>${words.label}</label>${id === "firmware" ? whatIs("firmware") : nothing}
      <select id=${id} @change=${choose}>
        ${option("", chosen, words.none)} ${[...versions].reverse().map((version) => option(version, chosen))}
        ${unsettled.map((version) => option(version, chosen, texts.stillChanging(version)))} ${option(OTHER, chosen, texts.another)}
      </select>
      ${isTyped
        ? html`<input
            id="${id}-typed"
            class="typed mono"
            aria-label=${words.typed}
            placeholder=${words.example}
            .value=${now ?? ""}
            @change=${(event: Event) => set(value(event))}
          />`
        : nothing}
    </div>`;
  }
}

interface VersionField {
  id: string;
  words: typeof texts.from;
  value: string | null;
  versions: readonly string[];
  unsettled: readonly string[];
  set(version: string | null): void;
}

function option(version: string, chosen: string | null, text = version) {
  return html`<option value=${version} .selected=${version === chosen}>${text}</option>`;
}

function value(event: Event): string | null {
  const text = (event.target as HTMLInputElement).value;
  return text === OTHER ? OTHER : text.trim() || null;
}

customElements.define("rp-device-form", DeviceForm);
