import { css, html, LitElement, nothing, type PropertyValues } from "lit";

import type { Given, ListingDocument, ReleasePreview as Declared, ReleasePreviewEventMap } from "../package/release-preview.js";
import { ofDrop, ofPage } from "./files.js";
import { count } from "./format.js";
import { parse, write } from "./fragment.js";
import { Host, isAddress, serverAt, tabsOf } from "./host.js";
import { Model } from "./model.js";
import { problemNotice } from "./parts/problem.js";
import { refused } from "./parts/signed.js";
import { shared, tokens } from "./parts/style.js";
import { Watch } from "./parts/watch.js";
import { captionOf, planOf, sourceOf } from "./said.js";
import { serverInvalid } from "./texts/errors.js";
import * as texts from "./texts/sources.js";
import "./views/verify-view.js";
import "./views/device-form.js";
import "./views/manifest-view.js";
import "./views/matrix-view.js";
import "./views/plan-view.js";
import "./views/releases-view.js";
import "./views/source-bar.js";
import "./views/wanted-view.js";

/** What it has that other elements have not. */
type Own = Omit<Declared, keyof HTMLElement>;

const LOOK_MS = 5000;
const LOOK_WHILE_COPIED_MS = 1000;

/**
 * Shows what every device will get from a directory of releases, for any web tool to embed: its types, `package/release-preview.d.ts`,
 * say what each attribute, property and event is.
 */
export class ReleasePreview extends LitElement implements Own {
  static override properties = {
    server: { type: String },
    listing: { attribute: false },
    tabs: { type: String },
    headingLevel: { attribute: "heading-level", type: Number },
    over: { state: true },
  };
  static override styles = [
    tokens,
    shared,
    css`
      .all {
        max-width: 1680px;
        margin: 0 auto;
        padding: 14px 18px 40px;
        display: grid;
        gap: 14px;
        grid-template-columns: minmax(0, 1fr);
      }
      .body {
        display: grid;
        gap: 14px;
        grid-template-columns: minmax(0, 1fr);
        align-items: start;
      }
      .content {
        display: grid;
        gap: 14px;
        grid-template-columns: minmax(0, 1fr);
      }
      @media (min-width: 900px) {
        .body {
          grid-template-columns: 288px minmax(0, 1fr);
        }
        rp-device-form {
          position: sticky;
          top: 14px;
        }
      }
      [role="tablist"] {
        display: flex;
        gap: 2px;
        border-bottom: 1px solid var(--line);
        overflow-x: auto;
        scrollbar-width: none;
      }
      [role="tab"] {
        border: 0;
        border-bottom: 3px solid transparent;
        border-radius: 6px 6px 0 0;
        background: none;
        padding: 6px 14px;
        min-height: 38px;
        white-space: nowrap;
        color: var(--soft);
        font-weight: 600;
      }
      [role="tab"][aria-selected="true"] {
        color: var(--text);
        border-bottom-color: var(--accent);
      }
      [role="tab"]:focus-visible {
        outline-offset: -3px;
      }
      @media (forced-colors: active) {
        [role="tab"] {
          border-bottom-color: Canvas;
        }
        [role="tab"][aria-selected="true"] {
          border-bottom-color: Highlight;
        }
      }
      .count {
        display: inline-block;
        min-width: 20px;
        padding: 0 6px;
        border-radius: 10px;
        background: var(--update-soft);
        color: var(--update);
        font-size: 0.82rem;
        font-variant-numeric: tabular-nums;
      }
      .shade {
        position: fixed;
        inset: 0;
        z-index: 10;
        background: color-mix(in oklab, var(--accent-soft) 88%, transparent);
        border: 3px solid var(--accent);
        display: grid;
        place-items: center;
        font-size: 1.2rem;
        font-weight: 650;
        pointer-events: none;
      }
      @media print {
        .all,
        .body,
        .content {
          display: block;
        }
      }
      @media (max-width: 559px) {
        .all {
          padding: 10px 10px 32px;
          gap: 10px;
        }
        [role="tab"] {
          position: relative;
          padding: 6px 4px;
          font-size: 0.88rem;
          flex: 1 1 auto;
        }
        /* Beside the name there is no room. */
        .count {
          position: absolute;
          top: 0;
          right: 0;
          min-width: 16px;
          padding: 0 4px;
          font-size: 0.7rem;
        }
      }
    `,
  ];

  declare server: string | null;
  declare listing: ListingDocument | null;
  declare tabs: string | null;
  declare headingLevel: number;
  declare over: boolean;
  #host = new Host();
  #model: Model | null = null;
  #view = "";
  #watch = new Watch(
    async () => this.#model?.look(),
    () => (this.#model?.settling.length ? LOOK_WHILE_COPIED_MS : LOOK_MS),
  );

  constructor() {
    super();
    this.server = this.listing = this.tabs = null;
    this.headingLevel = 1;
    this.over = false;
  }

  /** The current view, as text behind the `#` of an address. */
  get view(): string {
    return this.#view;
  }

  set view(text: string) {
    if (text === this.#view) return;
    this.#view = text;
    this.#show();
  }

  /** What is shown, for a title: `Plan 1.0.0 → 1.0.1 · 192.168.1.144:8000`. */
  get caption(): string {
    return this.#model === null ? "" : captionOf(this.#model);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#watch.start();
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watch.end();
    // An element that was only moved is connected again by now.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#model?.end();
      this.#model = null;
    });
  }

  async open(given: Given, name?: string): Promise<void> {
    const choice = await ofPage(given, name);
    await this.updateComplete;
    if (this.#model === null) throw new DOMException(texts.notInDocument, "InvalidStateError");
    await this.#model.open(choice);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const isWrong = this.server !== null && !isAddress(this.server);
    this.#host.server = this.server === null || isWrong ? null : serverAt(this.server);
    this.#host.listing = this.listing ?? null;
    this.#host.tabs = tabsOf(this.tabs);
    this.#host.headingLevel = this.headingLevel >= 1 ? Math.trunc(this.headingLevel) : 1;
    if (!this.isConnected) return;
    if (this.#model !== null) {
      if (changed.has("server") || changed.has("listing")) void this.#model.reload();
      if (changed.has("tabs") || changed.has("headingLevel")) this.#show();
    } else {
      this.#model = new Model((event) => this.#tell(event), this.#host);
      this.#model.subscribe(() => this.requestUpdate());
      this.#show();
    }
    if (isWrong && changed.has("server")) this.#model.report("source", { code: "server_invalid", message: serverInvalid(this.server!) });
  }

  protected override render() {
    const model = this.#model;
    if (model === null) return nothing;
    const { overview, progress } = model;
    return html`<div
      class="all"
      part="preview"
      @dragover=${this.#drag}
      @dragleave=${this.#drag}
      @drop=${this.#drop}
    >
      <rp-source-bar class="panel" part="source" .model=${model}></rp-source-bar>
      ${overview === null
        ? progress === null
          ? html`<rp-wanted-view .model=${model}></rp-wanted-view>`
          : nothing
        : html`<div class="body">
            <rp-device-form class="screen" part="device" .model=${model}></rp-device-form>
            <div class="content">${this.#host.tabs.length > 1 ? this.#tabs(model) : nothing} ${this.#panel(model)}</div>
          </div>`}
      ${this.over ? html`<div class="shade">${texts.drop}</div>` : nothing}
    </div>`;
  }

  #tabs(model: Model) {
    const { overview, view } = model;
    const notices = overview === null ? 0 : overview.ignored.length + overview.warnings.length + refused(overview);
    return html`<div role="tablist" class="screen" part="tabs" aria-label=${texts.views} @keydown=${(event: KeyboardEvent) => this.#tabKey(model, event)}>
      ${this.#host.tabs.map(
        (tab) => html`<button
          role="tab"
          part=${view.tab === tab ? "tab tab-selected" : "tab"}
          id="tab-${tab}"
          aria-selected=${view.tab === tab ? "true" : "false"}
          aria-controls="panel"
          tabindex=${view.tab === tab ? 0 : -1}
          @click=${() => model.set({ tab })}
        >
          ${texts.tabs[tab]}
          ${tab === "releases" && notices > 0
            ? html`<span class="count">${count(notices)}<span class="visually-hidden">${texts.notices}</span></span>`
            : nothing}
        </button>`,
      )}
    </div>`;
  }

  #panel(model: Model) {
    const { view, problems } = model;
    const panels = {
      plan: () => html`<rp-plan-view .model=${model}></rp-plan-view>`,
      matrix: () => html`${problemNotice(problems.plan, texts.selectedPlan)}<rp-matrix-view .model=${model}></rp-matrix-view>`,
      manifest: () => html`<rp-manifest-view .model=${model}></rp-manifest-view>`,
      check: () => html`<rp-verify-view .model=${model}></rp-verify-view>`,
      releases: () => html`<rp-releases-view .model=${model}></rp-releases-view>`,
    };
    // One view alone is no tab.
    if (this.#host.tabs.length === 1) return html`<div part="panel">${panels[view.tab]()}</div>`;
    return html`<div role="tabpanel" id="panel" part="panel" aria-labelledby="tab-${view.tab}">${panels[view.tab]()}</div>`;
  }

  #tabKey(model: Model, event: KeyboardEvent) {
    const { tabs } = this.#host;
    const at = tabs.indexOf(model.view.tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length]!;
    model.set({ tab });
    this.renderRoot.querySelector<HTMLElement>(`#tab-${tab}`)?.focus();
  }

  #drag(event: DragEvent) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.over = event.type === "dragover";
  }

  #drop(event: DragEvent) {
    event.preventDefault();
    this.over = false;
    const given = event.dataTransfer === null ? null : ofDrop(event.dataTransfer);
    if (given !== null) void this.#model?.open(given);
  }

  #show() {
    const { view, device } = parse(this.#view);
    this.#model?.show(view, device);
  }

  #tell(event: "view" | "step" | "source" | "plan") {
    const model = this.#model;
    if (model === null) return;
    if (event === "source") return this.#send("source-change", sourceOf(model));
    if (event === "plan") return this.#send("plan-change", planOf(model));
    this.#view = write(model.view);
    this.#send("view-change", { isStep: event === "step" });
  }

  #send<Name extends keyof ReleasePreviewEventMap>(name: Name, detail: ReleasePreviewEventMap[Name]["detail"]): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

customElements.define("release-preview", ReleasePreview);
