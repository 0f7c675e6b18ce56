// The same lines in a page, in a worker and in Node.

import { Catalog, Hasher, Manifest, Version, hashFiles, verifyContent, type Entry, type Plan } from "airwaybill";

const content = (text: string, path: string) => ({ path, file: new Blob([text]) });

export async function scene(): Promise<{ text: string; checked: number; update: string[]; order: number; sha1: string; hashed: Entry[] }> {
  const listing = await hashFiles(
    [
      content("old", "1.0.0/flash/main.py"),
      content("new", "1.0.1/flash/main.py"),
      content("x".repeat(3_000_000), "1.0.1/flash/big.bin"),
    ],
    { concurrency: 2 },
  );
  const catalog = Catalog.fromListing(listing, { ignore: ["*.pyc"] });
  const plan: Plan | null = catalog.plan({ current: "1.0.0" });
  const text = catalog.manifestJson({ current: "1.0.0" }, { baseUrl: "http://192.168.1.144:8000", format: 2 });
  const hasher = new Hasher();
  hasher.update(new TextEncoder().encode("abc"));
  return {
    text,
    checked: verifyContent(Manifest.parse(text), listing).checked,
    update: plan?.update.map(({ path }) => path) ?? [],
    order: new Version("1.0.2").compare(new Version("1.0.10")),
    sha1: hasher.finish(),
    hashed: listing,
  };
}
