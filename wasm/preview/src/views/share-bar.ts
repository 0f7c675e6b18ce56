import { css, html, nothing } from "lit";

import { KINDS, type PlanAnswer } from "../engine/protocol.js";
import { ModelElement } from "../parts/element.js";
import { shared } from "../parts/style.js";
import { share as texts } from "../texts/plan.js";

const MOST = 8;

interface Share {
  path: string;
  size: number;
  kind: "new" | "update" | "flash" | "rest";
}

/** Which files make up the download. */
export class ShareBar extends ModelElement {
  static override styles = [
    shared,
    css`
      .bar {
        display: flex;
        gap: 2px;
        height: 16px;
        border-radius: 5px;
        overflow: hidden;
      }
      .part,
      .dot {
        forced-color-adjust: none;
      }
      .part {
        min-width: 3px;
        background: currentColor;
      }
      .part:nth-child(even) {
        opacity: 0.78;
      }
      .rest {
        color: var(--same);
      }
      ol {
        list-style: none;
        margin: 8px 0 0;
        padding: 0;
        display: flex;
        flex-wrap: wrap;
        gap: 2px 18px;
      }
      li {
        min-width: 0;
        max-width: 100%;
        display: flex;
        gap: 6px;
        align-items: baseline;
      }
      .dot {
        width: 9px;
        height: 9px;
        border-radius: 2px;
        background: currentColor;
        flex: none;
      }
      .path {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ];

  #shares: Share[] = [];
  #of: PlanAnswer | null = null;

  protected override render() {
    const { plan } = this.model;
    if (plan === null || plan.download === 0) return nothing;
    if (plan !== this.#of) this.#shares = shares(plan, this.model.paths);
    this.#of = plan;
    const percent = (size: number) => `${Math.min((size / plan.download) * 100, 100).toFixed(size === plan.download ? 0 : 1)}`;
    return html`
      <div class="bar" aria-hidden="true">
        ${this.#shares.map(
          ({ path, size, kind }) =>
            html`<span class="part ${kind}" title=${texts.title(path, size)} .style=${`flex:${Math.max(size, 1)} 1 0`}></span>`,
        )}
      </div>
      <ol aria-label=${texts.label} class="small">
        ${this.#shares.map(
          ({ path, size, kind }) => html`<li>
            <span class="dot ${kind}" aria-hidden="true"></span><span class="path mono">${path}</span>
            <span class="number soft">${texts.figures(size, percent(size))}</span>
          </li>`,
        )}
      </ol>
    `;
  }
}

function shares({ rows, firmware, download }: PlanAnswer, paths: readonly string[]): Share[] {
  const [added, updated] = [KINDS.indexOf("new"), KINDS.indexOf("update")];
  const found: number[] = [];
  let fetched = 0;
  for (let row = 0; row < rows.count; row += 1) {
    if (rows.kinds[row] !== added && rows.kinds[row] !== updated) continue;
    fetched += 1;
    if (found.length === MOST && rows.sizes[row]! <= rows.sizes[found[MOST - 1]!]!) continue;
    const place = found.findIndex((other) => rows.sizes[other]! < rows.sizes[row]!);
    found.splice(place < 0 ? found.length : place, 0, row);
    found.length = Math.min(found.length, MOST);
  }
  const result: Share[] = found.map((row) => ({
    path: paths[row]!,
    size: rows.sizes[row]!,
    kind: KINDS[rows.kinds[row]!] as "new" | "update",
  }));
  if (firmware !== null) result.push({ path: firmware.path, size: firmware.size, kind: "flash" });
  result.sort((left, right) => right.size - left.size);
  const rest = download - result.reduce((sum, { size }) => sum + size, 0);
  if (rest > 0) result.push({ path: texts.more(fetched - found.length), size: rest, kind: "rest" });
  return result;
}

customElements.define("rp-share-bar", ShareBar);
