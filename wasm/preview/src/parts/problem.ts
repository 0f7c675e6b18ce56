import { html, nothing, type TemplateResult } from "lit";

import { advice } from "../texts/advice.js";
import type { Problem } from "../work.js";

export function problemNotice(problem: Problem | undefined, what: string): TemplateResult | typeof nothing {
  if (problem === undefined) return nothing;
  return html`<div class="notice bad" role="alert">
    <strong>${what}</strong> ${problem.message}${/[.!?]$/.test(problem.message) ? "" : "."}
    ${advice[problem.code] ?? ""} <code class="soft">${problem.code}</code>
  </div>`;
}
