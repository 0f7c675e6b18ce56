// The manifest shown equals the server's, byte for byte.

import { cpSync } from "node:fs";
import { join } from "node:path";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { python, serve, started, type Server } from "./support/server.js";
import { dice, scratch, writeTree } from "./support/tree.js";

const CATALOGS = 50;

/** What the Python package says for every pair, under the address of each catalog: `[[current, target, format, text], …]`. */
const EXPECTED = `
import json, sys
from airwaybill import scan
root, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
found = []
for number in range(count):
    catalog = scan(f"{root}/c{number}")
    versions = [str(release.version) for release in catalog.releases]
    pairs = [(current, target) for current in [None, *versions, "0.0.1-x"] for target in [None, *versions]]
    found.append([
        [current, target, format, catalog.manifest_json(f"{url}c{number}" if count > 1 or number else url.rstrip("/"), current,
            target=target, allow_downgrade=True, format=format).decode()]
        for current, target in pairs for format in (1, 2)
    ])
json.dump(found, sys.stdout)
`;

/** All catalogs in one server, each mounted under a name of its own. */
const MOUNTED = `
import sys
from starlette.applications import Starlette
from starlette.routing import Mount
from airwaybill.server import create_app
from airwaybill.server.run import listen, run, urls_of

class Host(Starlette):
    async def startup(self):
        pass
    async def shutdown(self):
        pass

root, count = sys.argv[1], int(sys.argv[2])
host = Host(routes=[Mount(f"/c{number}", app=create_app(f"{root}/c{number}", settle=0)) for number in range(count)])
listener = listen("127.0.0.1", 0)
[url] = urls_of(listener)
run(host, listener, lambda: print("serving all at", url, file=sys.stderr, flush=True))
`;

let browser: Browser;
let root: string;
let server: Server;

beforeAll(async () => {
  root = scratch();
  for (let number = 0; number < CATALOGS; number += 1) generate(`${root}/c${number}`, number + 1);
  [browser, server] = await Promise.all([launch(), started(["-c", MOUNTED, root, String(CATALOGS)])]);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const NAMES = ["main.py", "boot.py", "ünï code.txt", "100%.txt", "a+b=c&d.py", "quote\".py", "~tilde", "日本.bin", "🐍.py", "x\u2028y", ".hidden", "\u007e_-.", "#hash?"];
const DIRECTORIES = ["flash/", "flash/lib/", "sd/", "flash/lib/дом/", ""];
const SUFFIXES = ["", "b", ".r4", "-rc.1", ".10", "_x", "+build"];

function generate(directory: string, seed: number): void {
  const roll = dice(seed);
  const one = <Value>(values: readonly Value[]): Value => values[Math.floor(roll() * values.length)]!;
  const files: Record<string, string> = {};
  const versions = new Set<string>();
  const wanted = 2 + Math.floor(roll() * 3);
  while (versions.size < wanted) versions.add(`${one(["", "", "v"])}${Math.floor(roll() * 3)}.${Math.floor(roll() * 12)}${one(SUFFIXES)}`);
  for (const version of versions) {
    const count = 1 + Math.floor(roll() * 9);
    for (let file = 0; file < count; file += 1) {
      files[`${version}/${one(DIRECTORIES)}${one(NAMES)}`] = "x".repeat(Math.floor(roll() * 4));
    }
    if (roll() < 0.4) files[`firmware_${version}.${one(["bin", "hex"])}`] = version.repeat(1 + Math.floor(roll() * 5));
  }
  if (roll() < 0.3) files[`${one([...versions])}/Thumbs.db`] = "ignored";
  if (roll() < 0.3) files["docs/readme.md"] = "ignored";
  if (roll() < 0.2) files[`${one([...versions])}/back\\slash`] = "refused";
  writeTree(directory, files);
}

type Row = [current: string | null, target: string | null, format: 1 | 2 | 3, text: string];

/** What the page shows for each request, and what the server answers where it can be asked. */
async function shown(visit: Visit, rows: readonly Row[]): Promise<{ page: string; server: string | null }[]> {
  return visit.page.evaluate(async (rows) => {
    const preview = document.querySelector("release-preview") as HTMLElement & { view: string };
    const results = [];
    for (const [current, target, format] of rows) {
      const view = new URLSearchParams({ tab: "manifest", from: current ?? "", to: target ?? "", format: String(format), downgrade: "yes" });
      preview.view = view.toString();
      const changed = new Promise<void>((resolve) => {
        const look = () => {
          const part = preview.shadowRoot!.querySelector("rp-manifest-view") as (HTMLElement & { model?: Shown }) | null;
          const model = part?.model;
          const lines = part?.shadowRoot?.querySelector("rp-code-lines") as { text?: string } | null | undefined;
          if (model?.manifest && !model.awaited.has("plan") && !model.awaited.has("manifest") && lines?.text === model.manifest.text) resolve();
          else setTimeout(look);
        };
        look();
      });
      await changed;
      const part = preview.shadowRoot!.querySelector("rp-manifest-view")!;
      const page = (part.shadowRoot!.querySelector("rp-code-lines") as unknown as { text: string }).text;
      let server = null;
      if (target === null) {
        const query = new URLSearchParams(current === null ? { format: String(format) } : { current_ver: current, format: String(format) });
        server = await (await fetch(`../manifest.json?${query}`)).text();
      }
      results.push({ page, server });
    }
    return results;

    interface Shown {
      manifest: { text: string } | null;
      awaited: Set<string>;
    }
  }, rows);
}

async function compare(visit: Visit, rows: readonly Row[]): Promise<number> {
  const found = await shown(visit, rows);
  found.forEach(({ page, server }, index) => {
    const [current, target, format, text] = rows[index]!;
    const what = `${visit.page.url()}: ${current} to ${target}, format ${format}`;
    expect(page, what).toBe(text);
    if (server !== null) expect(page, `${what}, over HTTP`).toBe(server);
  });
  return found.length;
}

test("for every pair of the examples, with patches", async () => {
  const examples = join(scratch(), "examples");
  cpSync(EXAMPLES, examples, { recursive: true });
  await python("import sys; from airwaybill.cli import run; run(['delta', sys.argv[1]])", examples);
  const own = await serve(examples);
  const code = EXPECTED.replace('f"{root}/c{number}"', "root").replace("(1, 2)", "(1, 2, 3)");
  const [rows] = JSON.parse(await python(code, examples, own.url, "1")) as [Row[]];
  expect(rows.some(([, , format, text]) => format === 3 && text.includes('"patch"'))).toBe(true);
  const visit = await Visit.open(browser, `${own.url}_preview/`);
  expect(await compare(visit, rows)).toBe(36);
  await visit.end();
  await own.stop();
});

test(`for every pair of ${CATALOGS} generated catalogs`, async () => {
  const expected = JSON.parse(await python(EXPECTED, root, server.url, String(CATALOGS))) as Row[][];
  const visit = await Visit.open(browser, `${server.url}c0/_preview/`);
  let compared = 0;
  let plans = 0;
  for (const [number, rows] of expected.entries()) {
    if (number > 0) await visit.page.goto(`${server.url}c${number}/_preview/`);
    await visit.page.locator("rp-device-form form").waitFor();
    compared += await compare(visit, rows);
    plans += rows.filter(([, , , text]) => text !== "null").length;
  }
  console.log(`${compared} manifests compared, ${plans} of them with something to do`);
  expect(plans).toBeGreaterThan(compared / 4);
  await visit.end();
}, 120_000);
