// What every consumer does with the package: the example releases hashed, with workers and without, and the plan of them.

import { files } from "./files.js";

const LARGE = new Uint8Array(3_000_000).fill(120);
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

export async function outcome({ Catalog, hashFiles }) {
  const hashed = async (concurrency) => {
    const sources = files.map(([path, content]) => ({ path, file: new Blob([bytes(content)]) }));
    sources.push({ path: "large", file: new Blob([LARGE]) });
    const listing = await hashFiles(sources, { concurrency });
    return { listing, plan: Catalog.fromListing(listing).plan({ current: "1.0.0" }) };
  };
  return { workers: await hashed(2), inPlace: await hashed(0) };
}
