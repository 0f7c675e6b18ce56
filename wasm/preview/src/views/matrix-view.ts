import { css, html, nothing } from "lit";

import { bytes, duration } from "../format.js";
import type { Overview } from "../engine/protocol.js";
import { linkOf } from "../links.js";
import { firmwareFor, shareOf, valueOf, type MatrixRows } from "../matrix-rows.js";
import { candidateText, isCandidate } from "../parts/candidate.js";
import { ModelElement } from "../parts/element.js";
import { shared } from "../parts/style.js";
import * as texts from "../texts/matrix.js";

const CELL = { width: 96, height: 30 };
const HEAD = 34;
const OVERSCAN = 3;
const CANDIDATE = "◆";

/** Sizes or times of downloads from every release to every release, the newest target first. */
export class MatrixView extends ModelElement {
  static override properties = {
    ...ModelElement.properties,
    at: { state: true },
    box: { state: true },
    patched: { state: true },
  };
  static override styles = [
    shared,
    css`
      .panel {
        display: grid;
        gap: 12px;
        grid-template-columns: minmax(0, 1fr);
      }
      .about {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 24px;
        justify-content: space-between;
        align-items: baseline;
      }
      .scroller {
        overflow: auto;
        max-height: 68vh;
        border: 1px solid var(--line);
        border-radius: 6px;
        width: fit-content;
        max-width: 100%;
        --label: 108px;
      }
      .scroller:focus-visible {
        outline-offset: -2px;
      }
      .all {
        position: relative;
      }
      .head,
      .line {
        display: flex;
        position: absolute;
        left: 0;
        width: 100%;
      }
      .head {
        position: sticky;
        top: 0;
        height: 34px;
        background: var(--sunken);
        border-bottom: 1px solid var(--line);
        z-index: 2;
      }
      .line {
        height: 30px;
      }
      .name {
        position: sticky;
        left: 0;
        flex: none;
        width: var(--label);
        height: 100%;
        background: var(--sunken);
        border-right: 1px solid var(--line);
        z-index: 1;
        padding: 0 10px;
        display: flex;
        align-items: center;
        font-size: 0.86rem;
        font-weight: 600;
      }
      .name > span,
      .column > span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .column,
      .cell {
        position: absolute;
        top: 0;
        width: 96px;
        height: 100%;
        display: flex;
        align-items: center;
        justify-content: end;
        padding: 0 7px;
        font-size: 0.86rem;
        white-space: nowrap;
      }
      .column {
        font-weight: 600;
      }
      .newest {
        position: sticky;
        left: var(--label);
        flex: none;
        z-index: 1;
      }
      .column.newest {
        background: var(--sunken);
      }
      .cell,
      .ramp {
        forced-color-adjust: none;
      }
      .cell {
        color: var(--text);
        cursor: pointer;
        font-variant-numeric: tabular-nums;
        border-right: 1px solid var(--panel);
        border-bottom: 1px solid var(--panel);
      }
      .newest,
      .cell.newest {
        border-right: 1px solid var(--line);
      }
      .cell.none {
        color: var(--soft);
      }
      .cell:hover {
        box-shadow: inset 0 0 0 2px var(--accent);
      }
      .cell.now {
        box-shadow: inset 0 0 0 2px var(--text);
      }
      .scroller:focus-visible .cell.active {
        box-shadow: inset 0 0 0 3px var(--accent);
      }
      .plain {
        padding: 2px 4px 2px 0;
      }
      .choices {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 18px;
      }
      .legend {
        display: inline-flex;
        gap: 8px;
        align-items: center;
      }
      .ramp {
        width: 120px;
        height: 12px;
        border-radius: 3px;
        border: 1px solid var(--line);
        background: linear-gradient(to right, var(--panel), var(--heat));
      }
      @media (max-width: 559px) {
        .scroller {
          --label: 92px;
        }
        .name {
          padding: 0 6px;
          font-size: 0.82rem;
        }
      }
    `,
  ];

  /** The cell that the arrow keys move from. */
  declare at: { row: number; column: number };
  declare box: { top: number; left: number; width: number; height: number };
  /** Whether sizes are shown with patches. */
  declare patched: boolean;
  /** All that is shown, from the least to the most: a cell's colour says which share of them is no larger. */
  #ranks = new Float64Array();
  #of: MatrixRows["rows"] | null = null;
  #ofShown = "";
  #scroller: HTMLElement | null = null;
  #resized = new ResizeObserver(() => this.#look());

  constructor() {
    super();
    this.patched = false;
    this.at = { row: 0, column: 0 };
    this.box = { top: 0, left: 0, width: 800, height: 500 };
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
    this.#scroller = null;
  }

  protected override willUpdate(): void {
    super.willUpdate();
    const { rows, isDone } = this.model.matrix;
    const shown = JSON.stringify(this.#shown);
    if (rows === this.#of && shown === this.#ofShown) return;
    this.#of = rows;
    this.#ofShown = shown;
    const values = isDone ? rows.flatMap((row) => Array.from(row?.bytes ?? [], (_, target) => valueOf(row, target, this.#shown) ?? NaN)) : [];
    this.#ranks = Float64Array.from(values.filter((value) => value > 0)).sort();
  }

  get #shown() {
    return { patched: this.patched, figures: this.model.view.asTime ? this.model.figures : null };
  }

  protected override render() {
    const { overview, matrix, view } = this.model;
    if (overview === null) return nothing;
    const versions = overview.releases.map((release) => release.version);
    if (versions.length === 0) return html`<section class="panel"><p class="soft">${texts.none}</p></section>`;
    const { top, left, width, height } = this.box;
    const rows = window(top, height, CELL.height, versions.length + 1);
    // The newest target is always in sight.
    const columns = [0, ...span(window(left, width, CELL.width, versions.length)).filter((column) => column > 0)];
    const image = overview.firmware.at(-1)?.version;
    return html`<section class="panel" aria-label=${texts.matrix}>
      <div class="about">
        <div>
          <h2>${texts.title(view.asTime)}</h2>
          <p class="soft small">
            ${texts.about}
            ${!view.withImages && image !== undefined ? texts.withoutImages(image) : nothing}
            ${view.withImages && view.firmware !== null ? texts.sends(view.firmware) : nothing}
            ${view.downgrade ? nothing : texts.downgrades}
            ${overview.candidates.versions.length === 0 ? nothing : texts.candidate(CANDIDATE)}
          </p>
        </div>
        <div class="choices">
          ${image === undefined ? nothing : choice("with-images", texts.withImages, view.withImages, (withImages) => this.model.set({ withImages }))}
          ${matrix.rows[0]?.patched == null ? nothing : choice("with-patches", texts.withPatches, this.patched, (patched) => (this.patched = patched))}
          ${choice("as-time", texts.asTime(linkOf(view.link).name), view.asTime, (asTime) => this.model.set({ asTime }))}
        </div>
        <p class="legend small soft number" role="status">
          ${matrix.isDone
            ? html`<span>${this.#text(this.#ranks[0] ?? 0)}</span><span class="ramp" aria-hidden="true"></span><span>${this.#text(this.#ranks.at(-1) ?? 0)}</span>`
            : texts.done(matrix.rows.filter((row) => row !== null).length, versions.length + 1)}
        </p>
      </div>
      ${this.#dearest(versions)}
      <div
        class="scroller"
        role="grid"
        tabindex="0"
        aria-label=${texts.grid(view.asTime)}
        aria-rowcount=${versions.length + 2}
        aria-colcount=${versions.length + 1}
        aria-activedescendant="cell-${this.at.row}-${this.at.column}"
        @scroll=${this.#look}
        @keydown=${this.#key}
      >
        <div
          class="all"
          role="presentation"
          .style=${`width:calc(var(--label) + ${versions.length * CELL.width}px);height:${HEAD + (versions.length + 1) * CELL.height}px`}
        >
          <div class="head" role="row" aria-rowindex="1">
            <span class="name" role="columnheader" aria-colindex="1"><span>${texts.rows}</span></span>
            ${columns.map((column) => {
              const name = versions[targetOf(column, versions)]!;
              return html`<span
                class="column ${column === 0 ? "newest" : ""}"
                role="columnheader"
                aria-colindex=${column + 2}
                title=${candidateText(overview, name)}
                .style=${x(column)}
                ><span class="mono">${shown(overview, name)}</span></span
              >`;
            })}
          </div>
          ${span(rows).map((row) => {
            const name = row === 0 ? texts.noVersion : versions[row - 1]!;
            return html`<div class="line" role="row" aria-rowindex=${row + 2} .style=${`top:${HEAD + row * CELL.height}px`}>
              <span class="name" role="rowheader" aria-colindex="1" title=${candidateText(overview, name)}
                ><span class=${row === 0 ? "soft" : "mono"}>${shown(overview, name)}</span></span
              >
              ${columns.map((column) => this.#cell(row, column, name, versions[targetOf(column, versions)]!))}
            </div>`;
          })}
        </div>
      </div>
    </section>`;
  }

  protected override updated(): void {
    const scroller = this.renderRoot.querySelector<HTMLElement>(".scroller");
    if (scroller === this.#scroller) return;
    this.#resized.disconnect();
    this.#scroller = scroller;
    if (scroller !== null) this.#resized.observe(scroller);
  }

  #cell(row: number, column: number, from: string, to: string) {
    const { matrix, overview, view } = this.model;
    const value = this.#value(row, column);
    const target = targetOf(column, overview!.releases);
    const [full, patched] = [matrix.rows[row]?.bytes[target], matrix.rows[row]?.patched?.[target]];
    const [text, meaning] =
      value === undefined ? ["…", texts.cell.uncounted]
      : value === -1 ? ["!", texts.cell.refused]
      : Number.isNaN(value) ? ["–", texts.cell.nothing]
      : [this.#text(value), texts.cell.size(full!, patched)];
    const share = value !== undefined && value > 0 ? shareOf(value, this.#ranks) * 100 : 0;
    const active = row === this.at.row && column === this.at.column;
    const now = view.to === to && (row === 0 ? view.from === null : view.from === from);
    const names = [from, to].map((name) => candidateText(overview!, name));
    return html`<span
      class="cell ${column === 0 ? "newest" : ""} ${active ? "active" : ""} ${now ? "now" : ""} ${value === undefined || !(value >= 0) ? "none" : ""}"
      role="gridcell"
      id="cell-${row}-${column}"
      aria-colindex=${column + 2}
      aria-label="${texts.cell.way(names[0]!, names[1]!)}: ${text}, ${meaning}"
      title="${names.join(" → ")}: ${meaning}"
      .style=${`${x(column)};background:color-mix(in oklab, var(--heat) ${share.toFixed(0)}%, var(--panel))`}
      @click=${() => this.#open(row, column)}
      >${text}</span
    >`;
  }

  #value(row: number, column: number): number | undefined {
    return valueOf(this.model.matrix.rows[row], targetOf(column, this.model.overview!.releases), this.#shown);
  }

  #text(value: number): string {
    return this.model.view.asTime ? duration(value) : bytes(value);
  }

  /** The largest downloads to the highest release. */
  #dearest(versions: readonly string[]) {
    const { isDone } = this.model.matrix;
    const last = versions.length - 1;
    if (!isDone || versions.length < 2) return nothing;
    const costs = versions
      .slice(0, last)
      .map((version, index) => ({ version, index, value: this.#value(index + 1, 0) ?? NaN }))
      .filter(({ value }) => value > 0)
      .sort((left, right) => right.value - left.value)
      .slice(0, 3);
    if (costs.length === 0) return nothing;
    return html`<p class="small">
      ${texts.largest(versions[last]!, last)}
      ${costs.map(
        ({ version, index, value }, place) =>
          html`${place > 0 ? ", " : ""}<button class="plain mono" @click=${() => this.#open(index + 1, 0)}>${version}</button>${this.#text(value)}`,
      )}
    </p>`;
  }

  #open(row: number, column: number) {
    const { overview } = this.model;
    if (overview === null) return;
    this.at = { row, column };
    const versions = overview.releases.map((release) => release.version);
    const firmware = firmwareFor(this.model.view, overview);
    this.model.set({ tab: "plan", from: row === 0 ? null : versions[row - 1]!, to: versions[targetOf(column, versions)]!, firmware, file: null });
  }

  #key(event: KeyboardEvent) {
    const count = this.model.overview?.releases.length ?? 0;
    const { row, column } = this.at;
    const steps: Record<string, [number, number]> = {
      ArrowDown: [1, 0],
      ArrowUp: [-1, 0],
      ArrowRight: [0, 1],
      ArrowLeft: [0, -1],
      PageDown: [10, 0],
      PageUp: [-10, 0],
      Home: [0, -count],
      End: [0, count],
    };
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return this.#open(row, column);
    }
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const to = (at: number, by: number, most: number) => Math.min(Math.max(at + by, 0), most);
    this.at = { row: to(row, step[0], count), column: to(column, step[1], count - 1) };
    this.#reveal();
  }

  #reveal() {
    const scroller = this.#scroller;
    if (scroller === null) return;
    const label = this.renderRoot.querySelector<HTMLElement>(".name")?.offsetWidth ?? 0;
    const [top, left] = [this.at.row * CELL.height, this.at.column * CELL.width];
    const [height, width] = [scroller.clientHeight - HEAD - CELL.height, scroller.clientWidth - label - CELL.width];
    scroller.scrollTop = Math.min(Math.max(scroller.scrollTop, top - height), top);
    // The newest target covers what is to its right.
    if (this.at.column > 0) scroller.scrollLeft = Math.min(Math.max(scroller.scrollLeft, left - width), left - CELL.width);
    this.#look();
  }

  #look = () => {
    const scroller = this.#scroller;
    if (scroller === null) return;
    const { scrollTop: top, scrollLeft: left, clientWidth: width, clientHeight: height } = scroller;
    const { box } = this;
    if (box.top !== top || box.left !== left || box.width !== width || box.height !== height) {
      this.box = { top, left, width, height };
    }
  };
}

/** There is no room for the word. */
function shown(overview: Overview, name: string) {
  return isCandidate(overview, name) ? html`<span class="flash"><span aria-hidden="true">${CANDIDATE}</span> ${name}</span><span class="visually-hidden">${texts.isCandidate}</span>` : name;
}

function window(from: number, length: number, size: number, count: number): { start: number; end: number } {
  const start = Math.max(0, Math.floor(from / size) - OVERSCAN);
  return { start, end: Math.min(count, Math.ceil((from + length) / size) + OVERSCAN) };
}

function span({ start, end }: { start: number; end: number }): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index);
}

function x(column: number): string {
  return column === 0 ? "" : `left:calc(var(--label) + ${column * CELL.width}px)`;
}

/** The place of a column's release among all, the oldest first. */
const targetOf = (column: number, { length }: ArrayLike<unknown>) => length - 1 - column;

function choice(id: string, label: string, checked: boolean, take: (checked: boolean) => void) {
  return html`<label class="choice">
    <input type="checkbox" id=${id} .checked=${checked} @change=${(event: Event) => take((event.target as HTMLInputElement).checked)} />
    ${label}
  </label>`;
}

customElements.define("rp-matrix-view", MatrixView);
