// Who signed a release, in words.

import { css, html, nothing } from "lit";

import type { Notice, Overview, PlanAnswer, SignedAnswer, SignedRelease } from "../engine/protocol.js";
import { whatIs } from "./term.js";
import * as common from "../texts/common.js";
import { signed as texts } from "../texts/releases.js";

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
  return texts.title(list.filter(({ reasons }) => reasons.length === 0).length, list.length);
}

export function signedList({ keys, onlyValid, list, problem }: SignedAnswer) {
  const isImage = ({ path }: SignedRelease) => path.startsWith("firmware_");
  const highestFirst = list.toReversed().sort((left, right) => Number(isImage(left)) - Number(isImage(right)));
  if (problem !== null) return html`<div class="notice bad">${reason(problem)}</div>`;
  return html`<p class="small soft about">
      ${texts.keys(keys)} ${whatIs("waybill")}
      ${onlyValid ? texts.onlyValid : nothing}
    </p>
    ${list.length === 0
      ? nothing
      : html`<div class="scroll scrolling" tabindex="0" role="group" aria-label=${texts.list}>
          <ul>
            ${highestFirst.slice(0, MOST_RELEASES).map(item)}
            ${list.length > MOST_RELEASES ? html`<li class="soft">${common.more(list.length - MOST_RELEASES)}</li>` : nothing}
          </ul>
        </div>`}`;
}

function item(release: SignedRelease) {
  const { path, sequence, expires, by, reasons, skipped } = release;
  const about = [by.length > 0 ? texts.by(by) : "", sequence === null ? "" : texts.sequence(sequence), expires === null ? "" : texts.expires(expires)];
  const why = [...reasons, ...skipped.map((notice) => ({ ...notice, message: `${notice.path}: ${notice.message}` }))];
  return html`<li data-path=${path}>
    <strong class="mono">${path}</strong>
    ${reasons.length === 0 ? html`<span class="new">${texts.valid}</span>` : html`<span class="delete">${texts.notValid}</span>`}
    <div class="small soft">${about.filter((part) => part !== "").join(" · ")}</div>
    ${why.length === 0
      ? nothing
      : html`<ul class="reasons">
          ${why.slice(0, MOST_REASONS).map((notice) => html`<li>${reason(notice)}</li>`)}
          ${why.length > MOST_REASONS ? html`<li class="soft">${texts.moreReasons(why.length - MOST_REASONS)}</li>` : nothing}
        </ul>`}
    ${reasons.length === 0 ? nothing : html`<p class="advice small">${texts.advice(path, sequence !== null || by.length > 0)}</p>`}
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
      <span class="delete">${texts.refused(bad.path)}</span> ${reason(bad.reasons[0]!)}
    </p>`;
  }
  const by = [...new Set(installed.flatMap((one) => one.by))];
  return html`<p class="small soft" id="signed"><span class="new">✓</span> ${texts.signedBy(by)}</p>`;
}
