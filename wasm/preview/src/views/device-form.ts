import { css, html, nothing } from "lit";

import { LINKS } from "../links.js";
import { candidateText, isCandidate } from "../parts/candidate.js";
import { ModelElement } from "../parts/element.js";
import { shared } from "../parts/style.js";

const OTHER = " other";

/** The form for the device, its target and its link. */
export class DeviceForm extends ModelElement {
  static override properties = { ...ModelElement.properties, typing: { state: true }, narrow: { state: true } };
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
  declare narrow: boolean;
  #narrow = matchMedia("(max-width: 559px)");

  constructor() {
    super();
    this.typing = new Set();
    this.narrow = this.#narrow.matches;
    this.#narrow.addEventListener("change", () => (this.narrow = this.#narrow.matches));
  }

  protected override render() {
    const { overview, view } = this.model;
    if (overview === null) return nothing;
    const versions = overview.releases.map((release) => release.version);
    const unsettled = this.model.settling.map(({ name }) => name).filter((name) => !versions.includes(name));
    const highest = versions.at(-1);
    return html`<form class="panel" @submit=${(event: Event) => event.preventDefault()} aria-label="Device and link">
      <fieldset>
        <legend>Device</legend>
        <div class="fields wide">
          ${this.#version({
            id: "from",
            label: "Device on",
            none: "no version (full install)",
            typed: "Version of the device",
            example: "1.0.1b",
            value: view.from,
            versions,
            unsettled,
            set: (from) => this.model.set({ from, file: null }),
          })}
          <div>
            <label class="label" for="to">Target</label>
            <select id="to" @change=${(event: Event) => this.model.set({ to: value(event), file: null })}>
              <option value="" .selected=${view.to === null}>highest${highest === undefined ? "" : ` (${highest}${isCandidate(overview, highest) ? ", candidate" : ""})`}</option>
              ${[...versions].reverse().map((version) => option(version, view.to, candidateText(overview, version)))}
              ${view.to !== null && !versions.includes(view.to) ? option(view.to, view.to, `${view.to} (not here)`) : nothing}
            </select>
          </div>
          ${this.#version({
            id: "firmware",
            label: "Firmware version",
            none: "not sent",
            typed: "Firmware version of the device",
            example: "1.20.2.r4",
            value: view.firmware,
            versions: overview.firmware.map((image) => image.version),
            unsettled: [],
            set: (firmware) => this.model.set({ firmware }),
          })}
        </div>
        <label class="choice">
          <input
            type="checkbox"
            id="downgrade"
            .checked=${view.downgrade}
            @change=${(event: Event) => this.model.set({ downgrade: (event.target as HTMLInputElement).checked })}
          />
          Allow a downgrade
        </label>
      </fieldset>
      ${this.narrow
        ? html`<details><summary>Rules and link</summary><div class="more">${this.#rules()} ${this.#link()}</div></details>`
        : html`${this.#rules()} ${this.#link()}`}
    </form>`;
  }

  #rules() {
    const { overview, render: rendered } = this.model;
    if (overview === null) return nothing;
    return html`<fieldset>
        <legend>Rules</legend>
        <div class="fields">
          <div role="radiogroup" aria-labelledby="scheme-label">
            <span class="label" id="scheme-label">Version order</span>
            <div class="two">
              ${this.#radio("scheme", "loose", "loose", overview.scheme === "loose", () => this.model.set({ chosenScheme: "loose" }))}
              ${this.#radio("scheme", "semver", "SemVer", overview.scheme === "semver", () => this.model.set({ chosenScheme: "semver" }))}
              ${this.#radio("scheme", "pep440", "PEP 440", overview.scheme === "pep440", () => this.model.set({ chosenScheme: "pep440" }))}
            </div>
          </div>
          <div role="radiogroup" aria-labelledby="paths-label">
            <span class="label" id="paths-label">Paths in the manifest</span>
            <div class="two">
              ${this.#radio("paths", "relative", "flash/…", rendered.dstPaths === "relative", () => this.model.set({ dstPaths: "relative" }))}
              ${this.#radio("paths", "absolute", "/flash/…", rendered.dstPaths === "absolute", () => this.model.set({ dstPaths: "absolute" }))}
            </div>
          </div>
          ${this.#globs("Ignored", overview.ignore)} ${this.#globs("Protected", overview.protect)}
        </div>
      </fieldset>`;
  }

  #radio(name: string, id: string, label: string, checked: boolean, choose: () => void) {
    return html`<label class="choice">
      <input type="radio" name=${name} id=${id} .checked=${checked} @change=${choose} /> ${label}
    </label>`;
  }

  #globs(name: string, globs: readonly string[]) {
    if (globs.length === 0) return nothing;
    return html`<p class="small"><span class="soft">${name}, as set on the server:</span> <code>${globs.join(" ")}</code></p>`;
  }

  #link() {
    const { view, figures } = this.model;
    const link = LINKS.find(({ id }) => id === view.link) ?? LINKS[0]!;
    const names = ["kbit/s", "% on air", "s per file"];
    const set = (index: number) => (event: Event) => {
      const figure = Number((event.target as HTMLInputElement).value);
      if (!Number.isFinite(figure) || figure < 0) return;
      this.model.set({ figures: figures.map((old, at) => (at === index ? figure : old)) as unknown as [number, number, number] });
    };
    return html`<fieldset>
      <legend>Link</legend>
      <div class="fields">
        <select
          id="link"
          aria-label="Link"
          @change=${(event: Event) => this.model.set({ link: value(event) ?? "wifi", figures: null })}
        >
          ${LINKS.map(({ id, name }) => html`<option value=${id} .selected=${id === link.id}>${name}</option>`)}
        </select>
        <div class="figures">
          ${names.map(
            (name, index) => html`<div>
              <label class="label" for="figure-${index}">${name}</label>
              <input id="figure-${index}" type="number" min="0" step="any" .value=${String(figures[index])} @change=${set(index)} />
            </div>`,
          )}
        </div>
        <p class="small soft">${link.about}.</p>
      </div>
    </fieldset>`;
  }

  /** A field for a known version, none, or a typed one. */
  #version({ id, label, none, typed, example, value: now, versions, unsettled, set }: VersionField) {
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
      <label class="label" for=${id}>${label}</label>
      <select id=${id} @change=${choose}>
        ${option("", chosen, none)} ${[...versions].reverse().map((version) => option(version, chosen))}
        ${unsettled.map((version) => option(version, chosen, `${version} (still changing)`))} ${option(OTHER, chosen, "another version …")}
      </select>
      ${isTyped
        ? html`<input
            id="${id}-typed"
            class="typed mono"
            aria-label=${typed}
            placeholder=${example}
            .value=${now ?? ""}
            @change=${(event: Event) => set(value(event))}
          />`
        : nothing}
    </div>`;
  }
}

interface VersionField {
  id: string;
  label: string;
  none: string;
  /** Label and example of the field for a typed version. */
  typed: string;
  example: string;
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
