import { css, html, nothing } from "lit";

import { bytes, exactBytes, plural } from "../format.js";
import type { Overview } from "../engine/protocol.js";
import type { Model } from "../model.js";
import { candidateText, isCandidate } from "../parts/candidate.js";
import { ModelElement } from "../parts/element.js";
import { shared } from "../parts/style.js";

const CELL = { width: 78, height: 30 };
const HEAD = 34;
const OVERSCAN = 3;
const NO_VERSION = "no version";
const CANDIDATE = "◆";

/** Download sizes from every release to every release. */
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
        width: 78px;
        height: 100%;
        display: flex;
        align-items: center;
        justify-content: end;
        padding: 0 8px;
        font-size: 0.86rem;
      }
      .column {
        font-weight: 600;
      }
      .cell {
        cursor: pointer;
        font-variant-numeric: tabular-nums;
        border-right: 1px solid var(--panel);
        border-bottom: 1px solid var(--panel);
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
  #most = 0;
  #of: Model["matrix"] | null = null;
  #scroller: HTMLElement | null = null;
  #sizes = new ResizeObserver(() => this.#look());

  constructor() {
    super();
    this.patched = false;
    this.at = { row: 0, column: 0 };
    this.box = { top: 0, left: 0, width: 800, height: 500 };
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sizes.disconnect();
    this.#scroller = null;
  }

  protected override willUpdate(): void {
    super.willUpdate();
    const { matrix } = this.model;
    if (matrix === this.#of) return;
    this.#of = matrix;
    this.#most = matrix.reduce((top, row) => row?.bytes.reduce((max, size) => (size > max ? size : max), top) ?? top, 0);
  }

  protected override render() {
    const { overview, matrix, matrixDone, view } = this.model;
    if (overview === null) return nothing;
    const versions = overview.releases.map((release) => release.version);
    if (versions.length === 0) return html`<section class="panel"><p class="soft">There is no release to compare.</p></section>`;
    const { top, left, width, height } = this.box;
    const rows = window(top, height, CELL.height, versions.length + 1);
    const columns = window(left, width, CELL.width, versions.length);
    return html`<section class="panel" aria-label="Matrix">
      <div class="about">
        <div>
          <h2>Download size from each release to each</h2>
          <p class="soft small">
            A row is the device, a column the target; a cell opens that plan.
            ${view.firmware === null ? nothing : html`Devices send firmware version <code>${view.firmware}</code>.`}
            ${view.downgrade ? nothing : html`Downgrades are not installed unless the device form allows them.`}
            ${overview.candidates.versions.length === 0 ? nothing : html`<span class="flash">${CANDIDATE}</span> is a candidate.`}
          </p>
        </div>
        ${matrix[0]?.patched == null
          ? nothing
          : html`<label class="choice">
              <input
                type="checkbox"
                id="with-patches"
                .checked=${this.patched}
                @change=${(event: Event) => (this.patched = (event.target as HTMLInputElement).checked)}
              />
              With patches
            </label>`}
        <p class="legend small soft number" role="status">
          ${matrixDone
            ? html`<span>0</span><span class="ramp" aria-hidden="true"></span><span>${bytes(this.#most)}</span>`
            : `${matrix.filter((row) => row !== null).length} of ${versions.length + 1} rows`}
        </p>
      </div>
      ${this.#dearest(versions)}
      <div
        class="scroller"
        role="grid"
        tabindex="0"
        aria-label="Download size"
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
            <span class="name" role="columnheader" aria-colindex="1"><span>device on</span></span>
            ${span(columns).map(
              (column) => html`<span
                class="column"
                role="columnheader"
                aria-colindex=${column + 2}
                title=${candidateText(overview, versions[column]!)}
                .style=${x(column)}
                ><span class="mono">${shown(overview, versions[column]!)}</span></span
              >`,
            )}
          </div>
          ${span(rows).map((row) => {
            const name = row === 0 ? NO_VERSION : versions[row - 1]!;
            return html`<div class="line" role="row" aria-rowindex=${row + 2} .style=${`top:${HEAD + row * CELL.height}px`}>
              <span class="name" role="rowheader" aria-colindex="1" title=${candidateText(overview, name)}
                ><span class=${row === 0 ? "soft" : "mono"}>${shown(overview, name)}</span></span
              >
              ${span(columns).map((column) => this.#cell(row, column, name, versions[column]!))}
            </div>`;
          })}
        </div>
      </div>
    </section>`;
  }

  protected override updated(): void {
    const scroller = this.renderRoot.querySelector<HTMLElement>(".scroller");
    if (scroller === this.#scroller) return;
    this.#sizes.disconnect();
    this.#scroller = scroller;
    if (scroller !== null) this.#sizes.observe(scroller);
  }

  #cell(row: number, column: number, from: string, to: string) {
    const { matrix, overview, view } = this.model;
    const size = this.#size(row, column);
    const [full, patched] = [matrix[row]?.bytes[column], matrix[row]?.patched?.[column]];
    const [text, meaning] =
      size === undefined ? ["…", "not counted yet"]
      : size === -1 ? ["!", "refused"]
      : Number.isNaN(size) ? ["–", "nothing to do"]
      : [bytes(size), patched === undefined ? exactBytes(size) : `${exactBytes(full!)}, with patches ${exactBytes(patched)}`];
    const share = size !== undefined && size > 0 ? Math.sqrt(size / this.#most) * 100 : 0;
    const active = row === this.at.row && column === this.at.column;
    const now = view.to === to && (row === 0 ? view.from === null : view.from === from);
    const names = [from, to].map((name) => candidateText(overview!, name));
    return html`<span
      class="cell ${active ? "active" : ""} ${now ? "now" : ""} ${size === undefined || !(size >= 0) ? "none" : ""}"
      role="gridcell"
      id="cell-${row}-${column}"
      aria-colindex=${column + 2}
      aria-label="${names.join(" to ")}: ${text}, ${meaning}"
      title="${names.join(" → ")}: ${meaning}"
      .style=${`${x(column)};background:color-mix(in oklab, var(--heat) ${share.toFixed(0)}%, var(--panel))`}
      @click=${() => this.#open(row, column)}
      >${text}</span
    >`;
  }

  #size(row: number, column: number): number | undefined {
    const sizes = this.model.matrix[row];
    return ((this.patched ? sizes?.patched : null) ?? sizes?.bytes)?.[column];
  }

  /** The largest downloads to the highest release. */
  #dearest(versions: readonly string[]) {
    const { matrixDone } = this.model;
    const last = versions.length - 1;
    if (!matrixDone || versions.length < 2) return nothing;
    const costs = versions
      .slice(0, last)
      .map((version, index) => ({ version, index, size: this.#size(index + 1, last) ?? NaN }))
      .filter(({ size }) => size > 0)
      .sort((left, right) => right.size - left.size)
      .slice(0, 3);
    if (costs.length === 0) return nothing;
    return html`<p class="small">
      Largest downloads to <span class="mono">${versions[last]}</span>, from ${plural(last, "older release")}:
      ${costs.map(
        ({ version, index, size }, place) =>
          html`${place > 0 ? ", " : ""}<button class="plain mono" @click=${() => this.#open(index + 1, last)}>${version}</button>${bytes(size)}`,
      )}
    </p>`;
  }

  #open(row: number, column: number) {
    const { overview } = this.model;
    if (overview === null) return;
    this.at = { row, column };
    const versions = overview.releases.map((release) => release.version);
    this.model.set({ tab: "plan", from: row === 0 ? null : versions[row - 1]!, to: versions[column]!, file: null });
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
    scroller.scrollLeft = Math.min(Math.max(scroller.scrollLeft, left - width), left);
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
  return isCandidate(overview, name) ? html`<span class="flash"><span aria-hidden="true">${CANDIDATE}</span> ${name}</span><span class="visually-hidden">, candidate</span>` : name;
}

function window(from: number, length: number, size: number, count: number): { start: number; end: number } {
  const start = Math.max(0, Math.floor(from / size) - OVERSCAN);
  return { start, end: Math.min(count, Math.ceil((from + length) / size) + OVERSCAN) };
}

function span({ start, end }: { start: number; end: number }): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index);
}

function x(column: number): string {
  return `left:calc(var(--label) + ${column * CELL.width}px)`;
}

customElements.define("rp-matrix-view", MatrixView);
