import { css, html, nothing } from "lit";

import { KINDS, type Acceptance, type FindingsAnswer, type FoundFinding, type Overview } from "../engine/protocol.js";
import { grouped, type Group } from "../found.js";
import type { View } from "../fragment.js";
import { markOf } from "../parts/candidate.js";
import { copyText } from "../parts/carry.js";
import "../parts/code-lines.js";
import { ModelElement } from "../parts/element.js";
import { problemNotice } from "../parts/problem.js";
import { shared } from "../parts/style.js";
import { whatIs } from "../parts/term.js";
import * as common from "../texts/common.js";
import * as texts from "../texts/findings.js";

type Level = FoundFinding["level"];

/** More paths than this are not shown one by one. */
const MOST = 8;
/** How many are named where they are in a fold. */
const MOST_FOLDED = 3;
/** What is shown of the plan for findings that name no file of their own. */
const KINDS_OF: Record<string, Partial<View>> = {
  line_ends: { kinds: ["update"] },
  many_deleted: { kinds: ["delete"] },
  nothing_stays: { kinds: ["delete", "new"] },
};

/** What the check found, before a release goes out. */
export class FindingsView extends ModelElement {
  static override properties = { ...ModelElement.properties, said: { state: true } };
  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      .panel {
        border-left: 4px solid var(--colour);
      }
      @media print {
        .panel {
          padding-left: 12px;
        }
      }
      .error {
        --colour: var(--delete);
        --ground: var(--delete-soft);
      }
      .warning {
        --colour: var(--update);
        --ground: var(--update-soft);
      }
      .fine {
        --colour: var(--new);
        --ground: var(--new-soft);
      }
      .hint,
      .waiting {
        --colour: var(--same);
        --ground: var(--sunken);
      }
      header {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 12px;
        align-items: center;
      }
      .level {
        display: inline-flex;
        gap: 6px;
        align-items: center;
        padding: 1px 10px 1px 4px;
        border-radius: 12px;
        background: var(--ground);
        color: var(--colour);
        font-weight: 650;
        white-space: nowrap;
      }
      .sign {
        display: grid;
        place-items: center;
        width: 18px;
        height: 18px;
        border-radius: 50%;
        background: var(--colour);
        color: var(--panel);
        font: 700 12px/1 var(--mono);
      }
      ul {
        list-style: none;
        margin: 0;
        padding: 0;
      }
      .groups > li {
        margin-top: 12px;
        padding-top: 12px;
        border-top: 1px solid var(--line);
        overflow-wrap: anywhere;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 10px;
        align-items: center;
      }
      .head code {
        margin-left: auto;
      }
      strong {
        font-weight: 600;
      }
      .paths {
        margin-top: 6px;
      }
      .paths li + li {
        margin-top: 4px;
      }
      .message,
      .advice {
        margin-top: 4px;
      }
      .advice::before {
        content: "→ ";
        color: var(--colour);
        font-weight: 700;
      }
      .row {
        margin-top: 6px;
      }
      details {
        margin-top: 10px;
      }
      .row > details {
        margin: 0;
        min-width: 0;
      }
      .row > details[open] {
        flex: 1 0 100%;
      }
      summary {
        cursor: pointer;
        width: max-content;
        max-width: 100%;
        border-radius: 4px;
        padding: 2px 4px;
        color: var(--accent);
      }
      details .groups > li:first-child {
        border: 0;
        padding-top: 0;
      }
      @media (max-width: 559px) {
        .head code {
          margin-left: 0;
        }
      }
      .lines {
        display: grid;
        gap: 8px;
        justify-items: start;
        padding: 6px 0 2px;
      }
      rp-code-lines {
        --lines-height: 180px;
        width: 100%;
      }
    `,
  ];

  /** What became of copying these lines. */
  declare said: readonly [lines: string, text: string];

  #groups: readonly Group[] = [];
  #of: FindingsAnswer | null = null;

  constructor() {
    super();
    this.said = ["", ""];
  }

  protected override willUpdate(): void {
    super.willUpdate();
    const { findings } = this.model;
    if (findings !== this.#of) this.#groups = grouped(findings?.findings ?? []);
    this.#of = findings;
  }

  protected override render() {
    const { awaited, findings, problems } = this.model;
    if (problems.findings !== undefined) return problemNotice(problems.findings, common.notChecked);
    if (findings === null) {
      if (!awaited.has("findings")) return nothing;
      return html`<section class="panel waiting" aria-label=${texts.beforeItGoesOut}>
        <header><h2>${texts.beforeItGoesOut}</h2><p class="soft" role="status">${texts.checking}</p></header>
      </section>`;
    }
    const hints = this.#groups.filter(({ level }) => level === "hint");
    const others = this.#groups.filter(({ level }) => level !== "hint");
    const busy = awaited.has("findings") || awaited.has("plan") ? "true" : "false";
    return html`<section class="panel ${look(findings)}" aria-label=${texts.beforeItGoesOut} aria-busy=${busy}>
      <header>
        <h2>${texts.beforeItGoesOut}</h2>
        ${whatIs("check")}
        <p class="level" role="status" id="verdict">${verdict(findings)}</p>
        ${about(findings, this.model.overview)}
      </header>
      ${findings.unread === 0
        ? nothing
        : html`<p class="small soft" id="unread">${texts.unread(findings.unread)}</p>`}
      ${this.#list(others)}
      ${hints.length === 0
        ? nothing
        : html`<details id="hints" ?open=${others.length === 0}>
            <summary>${folded(hints.flatMap(({ findings }) => findings))}</summary>
            ${this.#list(hints)}
          </details>`}
      ${accepted(findings.accepted)}
    </section>`;
  }

  #list(groups: readonly Group[]) {
    return groups.length === 0 ? nothing : html`<ul class="groups">${groups.map((group) => this.#group(group))}</ul>`;
  }

  #group(group: Group) {
    const { name, level, code, advice, findings, lines } = group;
    const { sign, word } = texts.levels[level];
    const rows = this.model.found.get(name)?.size ?? 0;
    const show = KINDS_OF[code] ?? (rows === 0 ? null : { finding: name, kinds: KINDS });
    const first = findings[0]!;
    const isOne = findings.length === 1;
    const isSame = findings.every(({ message }) => message === first.message);
    return html`<li class=${level} data-code=${code}>
      <div class="head">
        <span class="level"><span class="sign" aria-hidden="true">${sign}</span>${word}</span>
        <strong class=${isOne ? "mono" : ""}>${isOne ? first.path : texts.places(findings.length)}</strong>
        <code class="soft small">${code}</code>
      </div>
      ${isOne
        ? nothing
        : html`<ul class="paths">
            ${findings.slice(0, MOST).map(
              ({ path, message }) => html`<li><strong class="mono">${path}</strong>${isSame ? nothing : html`<br />${message}`}</li>`,
            )}
            ${findings.length > MOST ? html`<li class="soft">${common.more(findings.length - MOST)}</li>` : nothing}
          </ul>`}
      ${isSame ? html`<p class="message">${first.message}</p>` : nothing}
      <p class="advice">${advice}</p>
      <div class="row">
        ${show === null
          ? nothing
          : html`<button class="show" @click=${() => this.#show({ filter: "", finding: null, ...show })}>
              ${"finding" in show ? texts.showFiles(rows) : texts.showKinds(show.kinds!)}
            </button>`}
        ${lines === "" ? nothing : this.#accept(texts.linesFor(code, first.path), lines)}
      </div>
    </li>`;
  }

  #accept(label: string, lines: string) {
    const [about, said] = this.said;
    return html`<details class="accept screen">
      <summary>${texts.ifMeant}</summary>
      <div class="lines">
        <p class="small">${texts.addLines}</p>
        <rp-code-lines .text=${lines.trimEnd()} label=${label}></rp-code-lines>
        <div class="row">
          <button class="copy" @click=${() => this.#copy(lines)}>${common.copy}</button>
          <span class="small soft" role="status">${about === lines ? said : ""}</span>
        </div>
      </div>
    </details>`;
  }

  #show(change: Partial<View>) {
    this.model.set(change);
    this.dispatchEvent(new Event("show-files"));
  }

  async #copy(lines: string) {
    const done = await copyText(lines);
    this.said = [lines, done ? common.copied : common.select];
  }
}

function of(findings: readonly FoundFinding[], level: Level): number {
  return findings.filter((finding) => finding.level === level).length;
}

/** Nothing is fine until all was looked into. */
function look({ findings, unread }: FindingsAnswer): Level | "fine" {
  return of(findings, "error") > 0 ? "error" : of(findings, "warning") > 0 ? "warning" : unread > 0 ? "hint" : "fine";
}

function verdict(answer: FindingsAnswer) {
  const [errors, warnings] = [of(answer.findings, "error"), of(answer.findings, "warning")];
  const level = look(answer);
  const sign = level === "fine" ? "✓" : texts.levels[level].sign;
  const nothing = level === "fine" ? texts.fine : texts.soFar;
  return html`<span class="sign" aria-hidden="true">${sign}</span>${errors + warnings === 0 ? nothing : texts.counts(errors, warnings)}`;
}

function about({ target, from }: FindingsAnswer, overview: Overview | null) {
  if (target === null || overview === null) return nothing;
  return html`<p class="small soft"><span class="mono">${target}</span>${markOf(overview, target)}${texts.forDevices(from)}</p>`;
}

/** How many hints there are, and what the first of them are about. */
function folded(hints: readonly FoundFinding[]) {
  const names = hints.slice(0, MOST_FOLDED).map(({ path }, index) => html`${index === 0 ? "" : ", "}<span class="mono">${path}</span>`);
  return html`${texts.hints(hints.length)}: ${names}${hints.length > MOST_FOLDED ? ", …" : ""}`;
}

function accepted(list: readonly Acceptance[]) {
  if (list.length === 0) return nothing;
  return html`<details id="accepted">
    <summary>${texts.accepted(list.length)}</summary>
    <ul class="paths">
      ${list.map(
        ({ code, path, reason }) => html`<li>
          <strong class="mono">${path}</strong> <code class="soft small">${code}</code><br />${reason}
        </li>`,
      )}
    </ul>
  </details>`;
}

customElements.define("rp-findings-view", FindingsView);
