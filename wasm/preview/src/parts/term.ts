import { html } from "lit";

import { about, documentation, terms } from "../texts/terms.js";

/** A question mark beside a term, which leads to the documentation. */
export function whatIs(term: keyof typeof terms) {
  const { name, place } = terms[term];
  return html`<a class="term screen" href=${documentation + place} target="_blank" rel="noreferrer" aria-label=${about(name)} title=${about(name)}></a>`;
}
