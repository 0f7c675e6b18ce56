import { html, nothing, type LitElement, type PropertyValues } from "lit";

import { KINDS, type Kind, type PlanAnswer } from "../engine/protocol.js";
import { growth, shownPath, type Directory, type Line } from "../file-list.js";
import { bytes, change, count, exactBytes } from "../format.js";
import { SHOWN_KINDS, type Sort } from "../fragment.js";
import { ModelElement } from "../parts/element.js";
import { Narrow } from "../parts/narrow.js";
import { shared } from "../parts/style.js";
import { moved, VirtualRows } from "../parts/virtual.js";
import * as texts from "../texts/files.js";
import { filesStyle, HEIGHTS } from "./files-style.js";

/** The kinds of which a column says no growth. */
const UNCHANGED: readonly Kind[] = ["same", "protected"];
const HEADERS: readonly Sort[] = ["kind", "path", "size", "change"];

/** The files of a plan. */
export class FilesTable extends ModelElement {
  static override properties = { ...ModelElement.properties, active: { state: true } };
  static override styles = [shared, filesStyle];

  /** The line that the arrow keys move from. */
  declare active: number;
  #narrow = new Narrow(this);
  #rows = new VirtualRows(this, HEIGHTS.wide.row, HEIGHTS.wide.head);
  #lines: readonly Line[] = [];
  /** The file that was chosen at the last look, and whether in a tree. */
  #seen: readonly [file: string | null, asTree: boolean] = [null, false];

  constructor() {
    super();
    this.active = 0;
  }

  protected override willUpdate(): void {
    super.willUpdate();
    const { list, view } = this.model;
    const { row, head } = this.#narrow.matches ? HEIGHTS.narrow : HEIGHTS.wide;
    this.#rows.rowHeight = row;
    this.#rows.header = head;
    const [file, asTree] = this.#seen;
    const isOther = view.asTree !== asTree;
    this.#seen = [view.file, view.asTree];
    if (view.asTree && view.file !== null && (isOther || view.file !== file)) list.unfold(view.file);
    this.#lines = list.of(this.model).lines;
    if (isOther) this.active = this.#chosen;
    this.active = Math.max(0, Math.min(this.active, this.#lines.length - 1));
  }

  protected override render() {
    const { plan, view, list, paths } = this.model;
    if (plan === null) return nothing;
    const kinds = KINDS.filter((kind) => (kind !== "protected" && kind !== "flash") || plan.counts[kind] > 0);
    const lines = this.#lines;
    const { start, end } = this.#rows.range(lines.length);
    const height = this.#rows.rowHeight;
    return html`
      <div class="tools row">
        <input
          type="search"
          id="filter"
          aria-label=${texts.filter}
          placeholder=${texts.filter}
          .value=${view.filter}
          @input=${(event: Event) => this.model.set({ filter: (event.target as HTMLInputElement).value })}
        />
        ${view.finding === null
          ? nothing
          : html`<button id="only" title=${texts.showAll} @click=${() => this.model.set({ finding: null, kinds: SHOWN_KINDS })}>
              ${texts.only(view.finding)} <span aria-hidden="true">✕</span><span class="visually-hidden">: ${texts.showAll}</span>
            </button>`}
        <div class="kinds row" role="group" aria-label=${texts.show}>
          ${kinds.map((kind) => this.#toggle(kind, plan.counts[kind]))}
        </div>
        <div class="forms" role="group" aria-label=${texts.filesAs}>
          ${this.#form("as-list", texts.list, false)}${this.#form("as-tree", texts.tree, true)}
        </div>
      </div>
      <div
        class="grid scrolling ${view.asTree ? "treegrid" : ""}"
        role=${view.asTree ? "treegrid" : "grid"}
        tabindex="0"
        aria-label=${texts.files}
        aria-rowcount=${lines.length + 1}
        aria-activedescendant=${lines.length > 0 ? `row-${this.active}` : nothing}
        @keydown=${this.#key}
      >
        <div class="line head" role="row" aria-rowindex="1">${HEADERS.map((sort) => this.#header(sort))}</div>
        <div role="rowgroup" .style=${`height:${lines.length * height}px`}>
          <div role="presentation" .style=${`transform:translateY(${start * height}px)`}>
            ${lines.slice(start, end).map((line, index) => this.#line(plan, paths, line, start + index))}
          </div>
        </div>
        ${lines.length > 0
          ? nothing
          : html`<div role="row"><div class="none soft" role="gridcell">${this.#nothing(plan)}</div></div>`}
      </div>
      <p class="visually-hidden" role="status">${texts.filesShown(list.of(this.model).files.length)}</p>
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
    const chosen = this.#chosen;
    if (chosen < 0) return;
    if (chosen !== this.active) this.#rows.reveal(chosen);
    this.active = chosen;
    await this.updateComplete;
    const row = this.renderRoot.querySelector(".item.active");
    const covered = (row?.getBoundingClientRect().bottom ?? 0) - element.getBoundingClientRect().top;
    if (covered > 0 && getComputedStyle(element).position === "fixed") scrollBy({ top: covered });
  }

  /** The line of the file that is open; -1 if it is not in the list. */
  get #chosen(): number {
    const { paths, view } = this.model;
    return view.file === null ? -1 : this.#lines.findIndex(({ row }) => row !== null && paths[row] === view.file);
  }

  #nothing(plan: PlanAnswer): string {
    const { filter, finding } = this.model.view;
    if (plan.rows.count === 0) return plan.known ? texts.noFiles : texts.notKnownFiles;
    return finding !== null ? texts.noFileFound : filter ? texts.noFileMatches : texts.noKind;
  }

  #toggle(kind: Kind, number: number) {
    const { sign, word, title } = texts.kinds[kind];
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

  #form(id: string, name: string, asTree: boolean) {
    const on = this.model.view.asTree === asTree;
    return html`<button id=${id} aria-pressed=${on ? "true" : "false"} @click=${() => this.model.set({ asTree })}>${name}</button>`;
  }

  #header(sort: Sort) {
    const { view } = this.model;
    const on = view.sort === sort;
    return html`<span
      role="columnheader"
      class=${sort}
      aria-sort=${on ? (view.descending ? "descending" : "ascending") : "none"}
    >
      <button
        id="sort-${sort}"
        @click=${() => this.model.set({ sort, descending: on ? !view.descending : sort === "size" || sort === "change" })}
      >
        ${texts.columns[sort]}${on ? html`<span aria-hidden="true"> ${view.descending ? "↓" : "↑"}</span>` : nothing}
      </button>
    </span>`;
  }

  #line(plan: PlanAnswer, paths: readonly string[], line: Line, index: number) {
    const { asTree, file } = this.model.view;
    const { row, directory, level, place, siblings } = line;
    const selected = row === null ? nothing : file === paths[row] ? "true" : "false";
    return html`<div
      class="line item ${index === this.active ? "active" : ""}"
      role="row"
      id="row-${index}"
      .style=${`--level:${level}`}
      aria-rowindex=${index + 2}
      aria-selected=${selected}
      aria-level=${asTree ? level : nothing}
      aria-posinset=${asTree ? place : nothing}
      aria-setsize=${asTree ? siblings : nothing}
      aria-expanded=${directory === null ? nothing : line.isOpen ? "true" : "false"}
      @click=${() => this.#choose(index)}
    >
      ${directory === null ? cells(plan, paths, row, asTree) : sums(directory)}
    </div>`;
  }

  #key(event: KeyboardEvent) {
    // The header buttons handle their own keys.
    if (event.target !== event.currentTarget) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return this.#choose(this.active);
    }
    const to = this.#turned(event.key) ?? moved(event.key, this.active, this.#lines.length, this.#rows.page);
    if (to === null) return;
    event.preventDefault();
    this.active = to;
    this.#rows.reveal(to);
  }

  /** In a tree, an arrow to the side opens and closes directories, and goes into and out of them: the line that is active then; null for any other key. */
  #turned(key: string): number | null {
    const line = this.#lines[this.active];
    const isOpening = key === "ArrowRight";
    if (line === undefined || !this.model.view.asTree || (!isOpening && key !== "ArrowLeft")) return null;
    if (line.directory !== null && line.isOpen !== isOpening) this.#fold(line.directory, isOpening);
    else if (isOpening) return line.directory === null ? this.active : this.active + 1;
    else return Math.max(0, this.#lines.findLastIndex(({ level }, index) => index < this.active && level < line.level));
    return this.active;
  }

  #choose(index: number) {
    const line = this.#lines[index];
    if (line === undefined) return;
    this.active = index;
    if (line.directory !== null) return this.#fold(line.directory, !line.isOpen);
    const path = this.model.paths[line.row]!;
    this.model.set({ file: this.model.view.file === path ? null : path });
  }

  #fold({ path }: Directory, isOpen: boolean) {
    this.model.list.fold(path, isOpen);
    this.requestUpdate();
  }
}

/** The cells of a file. In a tree the directory is above it. */
function cells({ rows }: PlanAnswer, paths: readonly string[], row: number, asTree: boolean) {
  const kind = KINDS[rows.kinds[row]!]!;
  const { sign, word } = texts.kinds[kind];
  const path = paths[row]!;
  const nameAt = path.lastIndexOf("/") + 1;
  const growing = growth(rows, row);
  const other = paths[rows.moved[row]!];
  const about = other === undefined ? "" : kind === "delete" ? texts.movedTo(other) : texts.movedFrom(other);
  return html`<span role="gridcell" class="kind"
      ><span class="sign ${kind}" aria-hidden="true">${sign}</span><span class="word ${kind}">${word}</span></span
    >
    <span role="gridcell" class="path" title=${other === undefined ? shownPath(path) : `${path}: ${about}`}
      ><span class="where"
        >${nameAt <= 1 || asTree ? nothing : html`<span class="directory">${path.slice(0, nameAt)}</span>`}<span class="name"
          >${path.slice(nameAt)}</span
        ></span
      >${other === undefined ? nothing : html`<span class="about soft"> ${about}</span>`}</span
    >
    <span role="gridcell" class="size" title=${exactBytes(rows.sizes[row]!)}>${bytes(rows.sizes[row]!)}</span>
    <span role="gridcell" class="change soft" title=${Number.isFinite(growing) ? exactBytes(growing) : ""}
      >${UNCHANGED.includes(kind) ? "" : change(growing)}</span
    >`;
}

/** The cells of a directory. */
function sums({ path, name, counts, bytes: size, change: growing }: Directory) {
  const files = counts.reduce((sum, count) => sum + count);
  return html`<span role="gridcell" class="kind soft">${texts.filesBelow(files)}</span>
    <span role="gridcell" class="path" title=${path}
      ><span class="where"><span class="name">${name}</span></span
      ><span class="about">
        ${KINDS.map((kind, index) => {
          const { sign, word } = texts.kinds[kind];
          if (counts[index] === 0) return nothing;
          return html`<span class=${kind} title=${word}><span aria-hidden="true">${sign}</span>${count(counts[index]!)}<span class="visually-hidden"> ${word}</span></span>`;
        })}</span
      ></span
    >
    <span role="gridcell" class="size" title="${exactBytes(size)} ${texts.afterUpdate}">${bytes(size)}</span>
    <span role="gridcell" class="change soft" title="${exactBytes(growing)} ${texts.moreBytes}">${change(growing)}</span>`;
}

customElements.define("rp-files-table", FilesTable);
