// The mark of what is not on the server yet.

import { html, nothing } from "lit";

import type { Overview } from "../engine/protocol.js";
import * as texts from "../texts/sources.js";

export const candidateMark = html` <span class="candidate">${texts.candidate}</span>`;

/** For a release, by its version, or an image, by its path. */
export function markOf({ candidates }: Pick<Overview, "candidates">, name: string | null | undefined) {
  return isCandidate({ candidates }, name) ? candidateMark : nothing;
}

export function isCandidate({ candidates: { versions, images } }: Pick<Overview, "candidates">, name: string | null | undefined): boolean {
  return name != null && (versions.includes(name) || images.includes(name));
}

/** Where there is only text. */
export const candidateText = (overview: Pick<Overview, "candidates">, name: string) => (isCandidate(overview, name) ? texts.candidateText(name) : name);
