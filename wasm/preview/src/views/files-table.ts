import { css, html, nothing, type LitElement, type PropertyValues } from "lit";

import { KINDS, type Kind, type PlanAnswer } from "../engine/protocol.js";
import { SHOWN_KINDS, type Sort } from "../fragment.js";
import { bytes, change, count, exactBytes } from "../format.js";
import { ModelElement } from "../parts/element.js";
import { KIND_TEXTS } from "../parts/kinds.js";
import { shared } from "../parts/style.js";
import { moved, VirtualRows } from "../parts/virtual.js";

const NO_ROWS: ReadonlySet<number> = new Set();
const ROW = 30;
const HEAD = 34;
const COLUMNS: readonly { sort: Sort; name: string; class: string }[] = [
  { sort: "kind", name: "Change", class: "kind" },
  { sort: "path", name: "Path on the device", class: "path" },
  { sort: "size", name: "Size", class: "size" },
  { sort: "change", name: "± bytes", class: "change" },
];

/** The files of a plan. */
export class FilesTable extends ModelElement {
  static override properties = { ...ModelElement.properties, active: { state: true } };
  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      .tools {
        margin-bottom: 10px;
        justify-content: space-between;
      }
      input[type="search"] {
        flex: 1 1 180px;
        max-width: 360px;
      }
      .kinds button {
        padding: 3px 10px;
        min-height: 30px;
        border-radius: 16px;
      }
      .kinds button[aria-pressed="true"] {
        background: var(--accent-soft);
        border-color: var(--accent);
      }
      .kinds .sign {
        font-family: var(--mono);
        font-weight: 700;
      }
      .grid {
        overflow: auto;
        max-height: 60vh;
        border: 1px solid var(--line);
        border-radius: 6px;
        background: var(--panel);
      }
      .grid:focus-visible {
        outline-offset: -2px;
      }
      .line {
        display: grid;
        grid-template-columns: 122px minmax(0, 1fr) 92px 96px;
        align-items: center;
      }
      .head {
        position: sticky;
        top: 0;
        z-index: 1;
        height: 34px;
        background: var(--sunken);
        border-bottom: 1px solid var(--line);
      }
      .head button {
        border: 0;
        background: none;
        width: 100%;
        padding: 4px 10px;
        text-align: inherit;
        font-weight: 600;
        font-size: 0.86rem;
        border-radius: 0;
        white-space: nowrap;
      }
      .head button:focus-visible {
        outline-offset: -2px;
      }
      .item {
        height: 30px;
        cursor: pointer;
        border-bottom: 1px solid color-mix(in oklab, var(--line) 55%, transparent);
      }
      .item:hover {
        background: var(--sunken);
      }
      .item[aria-selected="true"] {
        background: var(--accent-soft);
      }
      @media (forced-colors: active) {
        .kinds button[aria-pressed="true"] {
          border-color: Highlight;
        }
        .item[aria-selected="true"] {
          outline: 2px solid Highlight;
          outline-offset: -2px;
        }
      }
      .grid:focus-visible .item.active {
        outline: 2px solid var(--accent);
        outline-offset: -2px;
      }
      .item > span {
        padding: 0 10px;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .size,
      .change {
        text-align: right;
        font-variant-numeric: tabular-nums;
      }
      .sign {
        display: inline-block;
        width: 1.4ch;
        font-family: var(--mono);
        font-weight: 700;
      }
      .item .path {
        display: flex;
        font-family: var(--mono);
        font-size: 0.93em;
      }
      .directory,
      .name {
        overflow: hidden;
        text-overflow: ellipsis;
      }
      .directory {
        color: var(--soft);
        flex: 0 1000 auto;
        min-width: 2ch;
      }
      .name {
        flex: 0 1 auto;
      }
      .none {
        padding: 18px;
        text-align: center;
      }
      @media (max-width: 559px) {
        .line {
          grid-template-columns: 34px minmax(0, 1fr) 76px;
        }
        .line .change,
        .item .word {
          display: none;
        }
        .head .kind button {
          font-size: 0;
          padding: 4px 6px;
        }
        .item {
          height: 30px;
        }
      }
      @media print {
        .head button {
          display: block !important;
        }
        .item .path {
          display: block;
        }
        .item > span,
        .directory,
        .name {
          overflow: visible;
          white-space: normal;
          overflow-wrap: anywhere;
        }
      }
    `,
  ];

  /** The row that the arrow keys move from. */
  declare active: number;
  #rows = new VirtualRows(this, ROW, HEAD);
  #paths: readonly string[] = [];
  #of: PlanAnswer | null = null;
  /** Those that a finding is about; null for all. */
  #only: ReadonlySet<number> | null = null;
  #order: readonly number[] = [];
  #orderFor = "";

  constructor() {
    super();
    this.active = 0;
  }

  protected override willUpdate(): void {
    super.willUpdate();
    const { plan, view } = this.model;
    this.#paths = this.model.paths;
    const only = view.finding === null ? null : (this.model.found.get(view.finding) ?? NO_ROWS);
    const wanted = JSON.stringify([view.filter, view.kinds, view.sort, view.descending]);
    if (plan === this.#of && only === this.#only && wanted === this.#orderFor) return;
    this.#of = plan;
    this.#only = only;
    this.#orderFor = wanted;
    this.#order = plan === null ? [] : this.#sorted(plan);
    this.active = Math.max(0, Math.min(this.active, this.#order.length - 1));
  }

  protected override render() {
    const { plan, view } = this.model;
    if (plan === null) return nothing;
    const kinds = KINDS.filter((kind) => kind !== "protected" || plan.counts.protected > 0);
    const { start, end } = this.#rows.range(this.#order.length);
    const shown = this.#order.slice(start, end);
    return html`
      <div class="tools row">
        <input
          type="search"
          id="filter"
          aria-label="Filter by path"
          placeholder="Filter by path"
          .value=${view.filter}
          @input=${(event: Event) => this.model.set({ filter: (event.target as HTMLInputElement).value })}
        />
        ${view.finding === null
          ? nothing
          : html`<button id="only" title="show all files again" @click=${() => this.model.set({ finding: null, kinds: SHOWN_KINDS })}>
              only <code>${view.finding}</code> <span aria-hidden="true">✕</span><span class="visually-hidden">: show all files again</span>
            </button>`}
        <div class="kinds row" role="group" aria-label="Show">
          ${kinds.map((kind) => this.#toggle(kind, plan.counts[kind]))}
        </div>
      </div>
      <div
        class="grid scrolling"
        role="grid"
        tabindex="0"
        aria-label="Files"
        aria-rowcount=${this.#order.length + 1}
        aria-activedescendant=${this.#order.length > 0 ? `row-${this.active}` : nothing}
        @keydown=${this.#key}
      >
        <div class="line head" role="row" aria-rowindex="1">
          ${COLUMNS.map(({ sort, name, class: column }) => this.#header(sort, name, column))}
        </div>
        <div role="rowgroup" .style=${`height:${this.#order.length * ROW}px`}>
          <div role="presentation" .style=${`transform:translateY(${start * ROW}px)`}>
            ${shown.map((row, index) => this.#row(plan, row, start + index))}
          </div>
        </div>
        ${this.#order.length > 0
          ? nothing
          : html`<div role="row"><div class="none soft" role="gridcell">
              ${plan.rows.count === 0 ? (plan.known ? "No files." : "The device's files are not known: its release is not available here.") : view.finding !== null ? "No file of this plan has this finding." : view.filter ? "No file matches the filter." : "No file is of the selected kinds."}
            </div></div>`}
      </div>
      <p class="visually-hidden" role="status">${count(this.#order.length)} files shown</p>
    `;
  }

  protected override updated(_: PropertyValues): void {
    this.#rows.attach(this.renderRoot.querySelector(".grid"));
  }

  /** Moves there, for those who see it and those who do not. */
  async show(): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(".grid")?.focus();
    this.scrollIntoView({ block: "nearest" });
  }

  /** Scrolls until the chosen row is not behind an element at the lower edge of the window. */
  async keepAbove(element: LitElement): Promise<void> {
    await Promise.all([this.updateComplete, element.updateComplete]);
    const { file } = this.model.view;
    const chosen = this.#order.findIndex((row) => this.#paths[row] === file);
    if (chosen < 0) return;
    if (chosen !== this.active) this.#rows.reveal(chosen);
    this.active = chosen;
    await this.updateComplete;
    const row = this.renderRoot.querySelector(".item.active");
    const covered = (row?.getBoundingClientRect().bottom ?? 0) - element.getBoundingClientRect().top;
    if (covered > 0 && getComputedStyle(element).position === "fixed") scrollBy({ top: covered });
  }

  #toggle(kind: Kind, number: number) {
    const { sign, word, title } = KIND_TEXTS[kind];
    const { kinds } = this.model.view;
    const on = kinds.includes(kind);
    const next = on ? kinds.filter((other) => other !== kind) : KINDS.filter((other) => other === kind || kinds.includes(other));
    return html`<button
      id="kind-${kind}"
      aria-pressed=${on ? "true" : "false"}
      title=${title}
      @click=${() => this.model.set({ kinds: next })}
    >
      <span class="sign ${kind}" aria-hidden="true">${sign}</span> ${word} <span class="number soft">${count(number)}</span>
    </button>`;
  }

  #header(sort: Sort, name: string, column: string) {
    const { view } = this.model;
    const on = view.sort === sort;
    return html`<span
      role="columnheader"
      class=${column}
      aria-sort=${on ? (view.descending ? "descending" : "ascending") : "none"}
    >
      <button
        id="sort-${sort}"
        @click=${() => this.model.set({ sort, descending: on ? !view.descending : sort === "size" || sort === "change" })}
      >
        ${name}${on ? html`<span aria-hidden="true"> ${view.descending ? "↓" : "↑"}</span>` : nothing}
      </button>
    </span>`;
  }

  #row({ rows }: PlanAnswer, row: number, index: number) {
    const kind = KINDS[rows.kinds[row]!]!;
    const { sign, word } = KIND_TEXTS[kind];
    const path = this.#paths[row]!;
    const nameAt = path.lastIndexOf("/") + 1;
    const difference = changed(rows, row);
    return html`<div
      class="line item ${index === this.active ? "active" : ""}"
      role="row"
      id="row-${index}"
      aria-rowindex=${index + 2}
      aria-selected=${this.model.view.file === path ? "true" : "false"}
      @click=${() => this.#choose(index)}
    >
      <span role="gridcell" class="kind"
        ><span class="sign ${kind}" aria-hidden="true">${sign}</span><span class="word ${kind}">${word}</span></span
      >
      <span role="gridcell" class="path" title=${path}
        >${nameAt === 0 ? nothing : html`<span class="directory">${path.slice(0, nameAt)}</span>`}<span class="name">${path.slice(nameAt)}</span></span
      >
      <span role="gridcell" class="size" title=${exactBytes(rows.sizes[row]!)}>${bytes(rows.sizes[row]!)}</span>
      <span role="gridcell" class="change soft" title=${Number.isFinite(difference) ? exactBytes(difference) : ""}
        >${kind === "same" || kind === "protected" ? "" : change(difference)}</span
      >
    </div>`;
  }

  #key(event: KeyboardEvent) {
    // The header buttons handle their own keys.
    if (event.target !== event.currentTarget) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return this.#choose(this.active);
    }
    const to = moved(event.key, this.active, this.#order.length, this.#rows.page);
    if (to === null) return;
    event.preventDefault();
    this.active = to;
    this.#rows.reveal(to);
  }

  #choose(index: number) {
    const row = this.#order[index];
    if (row === undefined) return;
    this.active = index;
    const path = this.#paths[row]!;
    this.model.set({ file: this.model.view.file === path ? null : path });
  }

  #sorted({ rows }: PlanAnswer): number[] {
    const { filter, kinds, sort, descending } = this.model.view;
    const wanted = KINDS.map((kind) => kinds.includes(kind));
    const needle = filter.toLowerCase();
    const order: number[] = [];
    for (let row = 0; row < rows.count; row += 1) {
      if (this.#only !== null && !this.#only.has(row)) continue;
      if (wanted[rows.kinds[row]!] && (needle === "" || this.#paths[row]!.toLowerCase().includes(needle))) order.push(row);
    }
    // Rows are sorted by path already, and sorting is stable.
    if (sort === "kind") order.sort((left, right) => rows.kinds[left]! - rows.kinds[right]!);
    if (sort === "size" || sort === "change") {
      const numbers = sort === "size" ? rows.sizes : Float64Array.from({ length: rows.count }, (_, row) => changed(rows, row));
      const known = (row: number) => (Number.isNaN(numbers[row]!) ? -Infinity : numbers[row]!);
      order.sort((left, right) => known(left) - known(right) || 0);
    }
    return descending ? order.reverse() : order;
  }
}

/** How many bytes a file grows; NaN if that is not known. */
function changed({ kinds, sizes, before }: PlanAnswer["rows"], row: number): number {
  const kind = KINDS[kinds[row]!];
  if (kind === "delete") return -sizes[row]!;
  if (kind === "new") return sizes[row]!;
  return sizes[row]! - before[row]!;
}

customElements.define("rp-files-table", FilesTable);
