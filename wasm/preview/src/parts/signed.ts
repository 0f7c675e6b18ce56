// Who signed a release, in words.

import { css, html, nothing } from "lit";

import type { Notice, Overview, PlanAnswer, SignedAnswer, SignedRelease } from "../engine/protocol.js";
import { count, plural } from "../format.js";

/** More than these are not shown one by one. */
const MOST_RELEASES = 200;
const MOST_REASONS = 8;

export const signedStyle = css`
  .about {
    margin-bottom: 8px;
  }
  .reasons {
    gap: 4px;
    margin-top: 4px;
  }
  .advice::before {
    content: "→ ";
    color: var(--delete);
    font-weight: 700;
  }
`;

/** How many releases and images devices refuse, where nothing else on the page says so: that they are held back. */
export function refused({ signed }: Overview): number {
  if (signed === null || signed.onlyValid) return 0;
  return signed.list.filter(({ reasons }) => reasons.length > 0).length + (signed.problem === null ? 0 : 1);
}

/** All releases and images. */
export function signedTitle({ list }: SignedAnswer): string {
  return `Signed (${count(list.filter(({ reasons }) => reasons.length === 0).length)} of ${count(list.length)})`;
}

export function signedList({ keys, onlyValid, list, problem }: SignedAnswer) {
  const isImage = ({ path }: SignedRelease) => path.startsWith("firmware_");
  const highestFirst = list.toReversed().sort((left, right) => Number(isImage(left)) - Number(isImage(right)));
  if (problem !== null) return html`<div class="notice bad">${reason(problem)}</div>`;
  return html`<p class="small soft about">
      ${keys === null ? "For devices that have the newest keys." : `For devices that have keys ${keys.number} of ${keys.product}.`}
      ${onlyValid ? "What is not valid is not offered." : nothing}
    </p>
    ${list.length === 0
      ? nothing
      : html`<div class="scroll" tabindex="0" role="group" aria-label="Who signed what">
          <ul>
            ${highestFirst.slice(0, MOST_RELEASES).map(item)}
            ${list.length > MOST_RELEASES ? html`<li class="soft">and ${count(list.length - MOST_RELEASES)} more</li>` : nothing}
          </ul>
        </div>`}`;
}

function item(release: SignedRelease) {
  const { path, sequence, expires, by, reasons, skipped } = release;
  const about = [by.length > 0 ? `by ${by.join(", ")}` : "", sequence === null ? "" : `sequence ${sequence}`, expires === null ? "" : `expires ${expires}`];
  const why = [...reasons, ...skipped.map((notice) => ({ ...notice, message: `${notice.path}: ${notice.message}` }))];
  return html`<li data-path=${path}>
    <strong class="mono">${path}</strong>
    ${reasons.length === 0 ? html`<span class="new">✓ valid</span>` : html`<span class="delete">✕ not valid</span>`}
    <div class="small soft">${about.filter((part) => part !== "").join(" · ")}</div>
    ${why.length === 0
      ? nothing
      : html`<ul class="reasons">
          ${why.slice(0, MOST_REASONS).map((notice) => html`<li>${reason(notice)}</li>`)}
          ${why.length > MOST_REASONS ? html`<li class="soft">and ${plural(why.length - MOST_REASONS, "more reason")}</li>` : nothing}
        </ul>`}
    ${reasons.length === 0 ? nothing : html`<p class="advice small">${sequence === null && by.length === 0 ? "sign it" : "sign it again"}: <code>airwaybill sign DIR ${path} --key KEY</code></p>`}
  </li>`;
}

const reason = ({ code, message }: Pick<Notice, "message"> & { code: string }) => html`${message} <code class="soft small">${code}</code>`;

/** What a plan installs, in a line; nothing where that is not known. */
export function signedLine({ version, firmware }: PlanAnswer, signed: SignedAnswer | null) {
  const installed = signed?.list.filter(({ path }) => path === version || path === firmware?.path) ?? [];
  const bad = installed.find(({ reasons }) => reasons.length > 0);
  if (installed.length === 0) return nothing;
  if (bad !== undefined) {
    return html`<p class="small" id="signed">
      <span class="delete">✕ Devices with keys refuse <span class="mono">${bad.path}</span>:</span> ${reason(bad.reasons[0]!)}
    </p>`;
  }
  const by = [...new Set(installed.flatMap((one) => one.by))];
  return html`<p class="small soft" id="signed"><span class="new">✓</span> signed by ${by.join(", ")}</p>`;
}
