import { css, html, nothing } from "lit";

import { KINDS, type Difference, type FileAnswer, type Firmware, type ImageAnswer, type Side } from "../engine/protocol.js";
import { shownPath } from "../file-list.js";
import { exactBytes } from "../format.js";
import type { DiffLines } from "../parts/diff-lines.js";
import "../parts/diff-lines.js";
import { ModelElement } from "../parts/element.js";
import { problemNotice } from "../parts/problem.js";
import { shared } from "../parts/style.js";
import * as texts from "../texts/files.js";

/** One file: size and hash before and after, and its line diff; or the firmware. */
export class FileDetail extends ModelElement {
  static override styles = [
    shared,
    css`
      header,
      .tools {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        align-items: center;
        justify-content: space-between;
        margin-bottom: 8px;
      }
      h2 {
        flex: 1 1 200px;
        font-size: 0.875rem;
        overflow-wrap: anywhere;
      }
      .notice,
      .moved,
      .ends {
        margin-bottom: 10px;
      }
      dl {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        gap: 2px 12px;
        margin: 0 0 10px;
      }
      dt {
        color: var(--soft);
      }
      dd {
        margin: 0;
        overflow-wrap: anywhere;
      }
      .moved button {
        overflow-wrap: anywhere;
        text-align: left;
      }
      rp-diff-lines {
        --lines-height: 44vh;
      }
      @media screen and (max-width: 1439px) {
        .panel {
          border: 0;
          border-radius: 0;
        }
        rp-diff-lines {
          --lines-height: 28vh;
        }
      }
      @media (max-width: 559px) {
        header button,
        .tools button,
        .choice {
          min-height: 44px;
        }
        header button {
          min-width: 44px;
        }
        .tools button {
          padding: 4px 8px;
        }
      }
    `,
  ];

  protected override render() {
    const { awaited, view, file, problems } = this.model;
    if (view.file === null) return nothing;
    const name = shownPath(view.file);
    return html`<section class="panel" aria-label="${texts.file} ${name}" aria-busy=${awaited.has("file") ? "true" : "false"}>
      <header>
        <h2 class="mono">${name}</h2>
        <div class="row screen">${this.#steps()}<button id="close" @click=${() => this.dispatchEvent(new Event("close"))}>${texts.close}</button></div>
      </header>
      ${this.#moved()} ${problemNotice(problems.file, texts.notShown)}
      ${file === null || file.path !== view.file ? nothing : file.kind === "image" ? image(file) : html`${sides(file)} ${this.#content(file)}`}
    </section>`;
  }

  /** To the next file of the list, or back, and round at its end. */
  #steps() {
    const { list, paths, view } = this.model;
    const { files } = list.of(this.model);
    const at = files.findIndex((row) => paths[row] === view.file);
    if (files.length === 0 || (at >= 0 && files.length === 1)) return nothing;
    const step = (by: 1 | -1) => {
      const to = at < 0 && by < 0 ? files.length - 1 : (at + by + files.length) % files.length;
      this.model.set({ file: paths[files[to]!]! });
    };
    return html`<button id="previous-file" aria-label=${texts.previousFile} title=${texts.previousFile} @click=${() => step(-1)}>←</button>
      ${at < 0 ? nothing : html`<span class="small soft number" id="place">${texts.placeOf(at + 1, files.length)}</span>`}
      <button id="next-file" aria-label=${texts.nextFile} title=${texts.nextFile} @click=${() => step(1)}>→</button>`;
  }

  #moved() {
    const { paths, plan, view } = this.model;
    const row = plan === null ? -1 : paths.indexOf(view.file!);
    const other = paths[plan?.rows.moved[row] ?? -1];
    if (plan === null || other === undefined) return nothing;
    const text = KINDS[plan.rows.kinds[row]!] === "delete" ? texts.moved.delete : texts.moved.new;
    return html`<p class="moved">${text(html`<button class="plain mono" id="moved" @click=${() => this.model.set({ file: other })}>${other}</button>`)}</p>`;
  }

  #content({ path, before, after, difference, lineEnds, note, trouble }: FileAnswer) {
    if (trouble !== null) return problemNotice(trouble, texts.noContent);
    const ends = lineEnds === null ? null : texts.lineEnds(lineEnds);
    if (note === "line_ends") return html`<p id="line-ends"><strong>${texts.onlyLineEnds}</strong> ${ends}</p>`;
    if (difference === null) return note === null ? nothing : html`<p class="soft">${texts.notes[note]}</p>`;
    const isSame = difference.added + difference.removed === 0;
    const isOther = before !== null && after !== null && before.sha1 !== after.sha1;
    return html`<div class="tools small">
        <p class="row">
          <span class="new">${texts.linesAdded(difference.added)}</span>
          <span class="delete">${texts.linesRemoved(difference.removed)}</span>
        </p>
        ${isOther ? this.#choices(difference) : nothing}
      </div>
      ${ends === null ? nothing : html`<p class="ends small" id="line-ends">${ends}</p>`}
      ${isSame
        ? html`<p class="soft">${isOther ? texts.onlySpace : texts.noLine}</p>`
        : html`<rp-diff-lines .difference=${difference} label=${texts.differencesIn(path)}></rp-diff-lines>`}`;
  }

  #choices({ added, removed }: Difference) {
    const step = (by: 1 | -1) => this.renderRoot.querySelector<DiffLines>("rp-diff-lines")?.step(by);
    return html`<div class="row screen">
      <label class="choice">
        <input
          type="checkbox"
          id="ignore-space"
          .checked=${this.model.view.ignoresSpace}
          @change=${(event: Event) => this.model.set({ ignoresSpace: (event.target as HTMLInputElement).checked })}
        />
        ${texts.ignoreSpace}
      </label>
      ${added + removed === 0
        ? nothing
        : html`<button id="previous-change" aria-label=${texts.previousChange} @click=${() => step(-1)}>← ${texts.change}</button>
            <button id="next-change" aria-label=${texts.nextChange} @click=${() => step(1)}>${texts.change} →</button>`}
    </div>`;
  }
}

const unknown = () => html`<span class="soft">${texts.unknown}</span>`;

/** For a protected file, only the device knows its content. */
function sides({ before, after, from, to, known, kept }: FileAnswer) {
  const later = known || from !== to ? side(after) : unknown();
  if (kept) {
    return html`<p class="notice">${texts.isProtected}</p>
      <dl class="small">
        ${from === null || from === to ? nothing : html`<dt>${texts.inRelease(from)}</dt><dd>${known ? side(before) : unknown()}</dd>`}
        <dt>${texts.inRelease(to)}</dt>
        <dd>${later}</dd>
      </dl>`;
  }
  return html`<dl class="small">
    <dt>${texts.onDevice}</dt>
    <dd>${known ? side(before) : unknown()}</dd>
    <dt>${texts.after}</dt>
    <dd>${later}</dd>
  </dl>`;
}

function side(side: Side | null) {
  if (side === null) return html`<span class="soft">${texts.noSuchFile}</span>`;
  return content(side);
}

function content({ size, sha1 }: Pick<Side | Firmware, "size" | "sha1">) {
  return html`<span class="number">${exactBytes(size ?? NaN)}</span> <code>${sha1}</code>`;
}

function image(answer: ImageAnswer) {
  const { image, sha256, replaced, trouble } = answer;
  if (image === null) return html`<p class="soft">${texts.noFirmware}</p>`;
  return html`<dl class="small">
      <dt>${texts.version}</dt>
      <dd class="mono">${image.version}</dd>
      <dt>${texts.size}</dt>
      <dd class="number">${exactBytes(image.size)}</dd>
      <dt>SHA-1</dt>
      <dd><code>${image.sha1}</code></dd>
      <dt>SHA-256</dt>
      <dd>${sha256 === null ? html`<span class="soft">${texts.sha256Unknown}</span>` : html`<code>${sha256}</code>`}</dd>
      <dt>${texts.replacing}</dt>
      <dd>${texts.replaces(answer, replaced === null ? nothing : content(replaced))}</dd>
    </dl>
    ${trouble === null ? nothing : problemNotice(trouble, texts.noContent)}`;
}

customElements.define("rp-file-detail", FileDetail);
