import { css, html, LitElement, nothing } from "lit";

import { ofDrop } from "./files.js";
import { count } from "./format.js";
import { parse, TABS, write, type Tab } from "./fragment.js";
import { Model } from "./model.js";
import { problemNotice } from "./parts/problem.js";
import { refused } from "./parts/signed.js";
import { shared, tokens } from "./parts/style.js";
import { Watch } from "./parts/watch.js";
import "./views/verify-view.js";
import "./views/device-form.js";
import "./views/manifest-view.js";
import "./views/matrix-view.js";
import "./views/plan-view.js";
import "./views/releases-view.js";
import "./views/source-bar.js";
import "./views/wanted-view.js";

const LOOK_MS = 5000;
const LOOK_WHILE_COPIED_MS = 1000;
const TAB_NAMES: Record<Tab, string> = {
  plan: "Plan",
  matrix: "Matrix",
  manifest: "Manifest",
  check: "Check",
  releases: "Releases",
};

/**
 * Shows what every device will get from a directory of releases, for any web tool to embed.
 *
 * The attribute `server` is the address of an airwaybill server, for its releases and for comparing with it; without it, folders and
 * zips can be opened. The property `view` is the current view as text, `caption` says it in words. The event `view-change` reports a new
 * view; its `detail.isStep` is whether one would go back from it. The event `source-change` reports that other releases are shown.
 */
export class ReleasePreview extends LitElement {
  static override properties = { server: { type: String }, over: { state: true } };
  static override styles = [
    tokens,
    shared,
    css`
      main {
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
        .body {
          display: block;
        }
      }
      @media (max-width: 559px) {
        main {
          padding: 10px 10px 32px;
          gap: 10px;
        }
        [role="tab"] {
          padding: 6px 4px;
          font-size: 0.88rem;
          flex: 1 1 auto;
        }
      }
    `,
  ];

  declare server: string | null;
  declare over: boolean;
  #model: Model | null = null;
  #view = "";
  #watch = new Watch(
    async () => this.#model?.look(),
    () => (this.#model?.settling.length ? LOOK_WHILE_COPIED_MS : LOOK_MS),
  );

  constructor() {
    super();
    this.server = null;
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

  protected override willUpdate(): void {
    if (this.#model !== null || !this.isConnected) return;
    this.#model = new Model((event) => this.#tell(event));
    this.#model.subscribe(() => this.requestUpdate());
    this.#model.server = this.server === null ? null : new URL(this.server, document.baseURI).href.replace(/\/*$/, "/");
    this.#show();
  }

  protected override render() {
    const model = this.#model;
    if (model === null) return nothing;
    const { overview, progress } = model;
    return html`<main
      @dragover=${this.#drag}
      @dragleave=${this.#drag}
      @drop=${this.#drop}
      aria-label="Release preview"
    >
      <rp-source-bar class="panel" .model=${model}></rp-source-bar>
      ${overview === null
        ? progress === null
          ? html`<rp-wanted-view .model=${model}></rp-wanted-view>`
          : nothing
        : html`<div class="body">
            <rp-device-form class="screen" .model=${model}></rp-device-form>
            <div class="content">${this.#tabs(model)} ${this.#panel(model)}</div>
          </div>`}
      ${this.over ? html`<div class="shade">Drop a release, a folder of releases, or a zip of these</div>` : nothing}
    </main>`;
  }

  #tabs(model: Model) {
    const { overview, view } = model;
    const notices = overview === null ? 0 : overview.ignored.length + overview.warnings.length + refused(overview);
    return html`<div role="tablist" class="screen" aria-label="Views" @keydown=${(event: KeyboardEvent) => this.#tabKey(model, event)}>
      ${TABS.map(
        (tab) => html`<button
          role="tab"
          id="tab-${tab}"
          aria-selected=${view.tab === tab ? "true" : "false"}
          aria-controls="panel"
          tabindex=${view.tab === tab ? 0 : -1}
          @click=${() => model.set({ tab })}
        >
          ${TAB_NAMES[tab]}
          ${tab === "releases" && notices > 0
            ? html`<span class="count">${count(notices)}<span class="visually-hidden"> notices</span></span>`
            : nothing}
        </button>`,
      )}
    </div>`;
  }

  #panel(model: Model) {
    const { view, problems } = model;
    const panels = {
      plan: () => html`<rp-plan-view .model=${model}></rp-plan-view>`,
      matrix: () => html`${problemNotice(problems.plan, "Selected plan:")}<rp-matrix-view .model=${model}></rp-matrix-view>`,
      manifest: () => html`<rp-manifest-view .model=${model}></rp-manifest-view>`,
      check: () => html`<rp-verify-view .model=${model}></rp-verify-view>`,
      releases: () => html`<rp-releases-view .model=${model}></rp-releases-view>`,
    };
    return html`<div role="tabpanel" id="panel" aria-labelledby="tab-${view.tab}">${panels[view.tab]()}</div>`;
  }

  #tabKey(model: Model, event: KeyboardEvent) {
    const at = TABS.indexOf(model.view.tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: TABS.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = TABS[(to + TABS.length) % TABS.length]!;
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

  #tell(event: "view" | "step" | "source") {
    if (event === "source") return void this.dispatchEvent(new Event("source-change"));
    if (this.#model !== null) this.#view = write(this.#model.view);
    this.dispatchEvent(new CustomEvent("view-change", { detail: { isStep: event === "step" } }));
  }
}

function captionOf({ overview, wanted, view }: Model): string {
  const name = TAB_NAMES[view.tab];
  if (overview === null) return wanted?.name ?? "";
  const { candidates, kind, releases, source } = overview;
  const to = view.to ?? releases.at(-1)?.version;
  const way = to === undefined ? "" : ` ${view.from ?? "no version"} → ${to}${candidates.versions.includes(to) ? " (candidate)" : ""}`;
  const shown = kind === "server" && source !== null ? `${overview.name} + ${source.name}` : overview.name;
  return `${name}${view.tab === "plan" || view.tab === "manifest" ? way : ""} · ${shown}`;
}

customElements.define("release-preview", ReleasePreview);
