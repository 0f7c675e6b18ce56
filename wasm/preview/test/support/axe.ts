import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RUN = `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
  violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ": " + node.html + " " + node.failureSummary)).join("\\n"))`;

/** What axe-core finds in a page, in which `value` gives the text of an expression; empty if it finds nothing. */
export async function violations(value: (expression: string) => Promise<string>): Promise<string> {
  // It is half a megabyte: once for each page is enough.
  if ((await value("typeof axe")) === "undefined") await value(`(() => { ${SOURCE} })() ?? ""`);
  return value(RUN);
}
