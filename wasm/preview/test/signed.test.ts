// Who signed what, and what is wrong with it: of folders, zips and servers.

import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { zipSync } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { Firefox } from "./support/firefox.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { change, remove, SignedReleases } from "./support/signed.js";
import { filesBelow } from "./support/tree.js";

const SECTION = "section[aria-labelledby=signed-title]";
const IGNORED = "section[aria-labelledby=ignored-title]";

const releases = new SignedReleases();
let browser: Browser;
let server: Server;
let page: string;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), serve(EXAMPLES)]);
  page = `${server.url}_preview/`;
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

interface Case {
  name: string;
  does(root: string): void;
  /** How many there are; documents are none. */
  files?: number;
  title: string;
  /** What is read of each release and image; of the section without a name. */
  said: Record<string, string[]>;
  /** What is read at the plan for the highest release. */
  plan?: string;
  /** What the check says of it. */
  found?: string;
}

const BY = "by office · sequence";
const AGAIN = "sign it again: airwaybill sign DIR 1.0.1 --key KEY";
const VALID = { "1.0.0": ["✓ valid", `${BY} 1`], "firmware_1.0.1.bin": ["✓ valid", `${BY} 3`] };
const cases: Case[] = [
  {
    name: "signed",
    does: () => undefined,
    title: "Signed (3 of 3)",
    said: { ...VALID, "1.0.1": ["✓ valid", `${BY} 2`] },
    plan: "✓ signed by office",
  },
  {
    name: "signed by two",
    does: (root) => releases.sign(root, "spare", "1.0.1"),
    title: "Signed (3 of 3)",
    said: { "1.0.0": ["✓ valid", `${BY} 1`], "1.0.1": [`by office, ${releases.fingerprint("spare")} · sequence 2`] },
    plan: `✓ signed by office, ${releases.fingerprint("spare")}`,
  },
  {
    name: "a changed file",
    does: (root) => appendFileSync(join(root, "1.0.1/flash/main.py"), "# later\n"),
    title: "Signed (2 of 3)",
    said: { ...VALID, "1.0.1": ["✕ not valid", `${BY} 2`, '"1.0.1/flash/main.py": it changed since it was signed', "signed_mismatch", AGAIN] },
    plan: '✕ Devices with keys refuse 1.0.1: "1.0.1/flash/main.py": it changed since it was signed; sign the release again if that is meant signed_mismatch',
  },
  {
    name: "many files more",
    does: (root) => [...Array(30).keys()].forEach((index) => writeFileSync(join(root, `1.0.1/flash/${index}.py`), "")),
    files: 35,
    title: "Signed (2 of 3)",
    said: { ...VALID, "1.0.1": ['"1.0.1/flash/0.py": it was not signed', "and 22 more reasons", AGAIN] },
  },
  {
    name: "a changed image",
    does: (root) => writeFileSync(join(root, "firmware_1.0.1.bin"), "other"),
    title: "Signed (2 of 3)",
    said: {
      "1.0.1": ["✓ valid"],
      "firmware_1.0.1.bin": ["✕ not valid", "signed_mismatch", "sign it again: airwaybill sign DIR firmware_1.0.1.bin --key KEY"],
    },
    plan: '✕ Devices with keys refuse firmware_1.0.1.bin: "firmware_1.0.1.bin": it changed since it was signed; sign the release again if that is meant signed_mismatch',
  },
  {
    name: "unsigned",
    does: (root) => remove(root, "1.0.1.waybill", "1.0.1.waybill.sig"),
    title: "Signed (2 of 3)",
    said: { ...VALID, "1.0.1": ["✕ not valid", 'there is no "1.0.1.waybill": sign it unsigned', "sign it: airwaybill sign DIR 1.0.1 --key KEY"] },
    plan: '✕ Devices with keys refuse 1.0.1: there is no "1.0.1.waybill": sign it unsigned',
    found: 'there is no "1.0.1.waybill": devices with keys refuse it sign it: airwaybill sign',
  },
  {
    name: "another's signature",
    does: (root) => change(root, "1.0.1.waybill.sig", readFileSync(join(root, "1.0.1.waybill.sig"), "utf8"), readFileSync(join(root, "1.0.0.waybill.sig"), "utf8")),
    title: "Signed (2 of 3)",
    said: { ...VALID, "1.0.1": ["0 of the 1 release keys needed signed it unsigned", "1.0.1.waybill.sig: not that of", "signature_wrong", AGAIN] },
    found: "0 of the 1 release keys needed signed it",
  },
  {
    name: "expired",
    does: (root) => releases.signExpired(root, "1.0.1", "2020-01-01T00:00:00Z"),
    title: "Signed (2 of 3)",
    said: {
      ...VALID,
      "1.0.1": ["✕ not valid", `${BY} 2 · expires 2020-01-01T00:00:00Z`, "it expired at 2020-01-01T00:00:00Z; sign it again expired", AGAIN],
    },
    plan: "✕ Devices with keys refuse 1.0.1: it expired at 2020-01-01T00:00:00Z; sign it again expired",
    found: "1.0.1 expired it expired at 2020-01-01T00:00:00Z; sign it again",
  },
  {
    name: "another product",
    does: (root) => change(root, "keys/1.waybill", "product smart-meter", "product kettle"),
    title: "Signed (0 of 3)",
    said: { "": ["For devices that have keys 1 of kettle."], "1.0.0": ['it is for "smart-meter", the keys are for "kettle" signed_mismatch'] },
    found: 'it is for "smart-meter", the keys are for "kettle"',
  },
  {
    name: "no keys",
    does: (root) => remove(root, "keys"),
    title: "Signed (0 of 0)",
    said: { "": ["there is no keys/<n>.waybill here; airwaybill keys new makes the first one keys_missing"] },
  },
  {
    name: "keys that are not text",
    does: (root) => writeFileSync(join(root, "keys/1.waybill"), Buffer.concat([readFileSync(join(root, "keys/1.waybill")).subarray(0, -1), Buffer.of(0xff, 0x0a)])),
    title: "Signed (0 of 0)",
    said: { "": ["keys/1.waybill", "document_"] },
    found: "bring the file back as it was signed",
  },
];

async function expectSaid(visit: Visit, title: string, said: Record<string, string[]>): Promise<void> {
  expect(await visit.text("#signed-title")).toBe(title);
  for (const [path, parts] of Object.entries(said)) {
    const text = await visit.text(path === "" ? SECTION : `${SECTION} li[data-path="${path}"]`);
    for (const part of parts) expect(text).toContain(part);
  }
}

const archive = (root: string) => {
  const path = `${root}.zip`;
  writeFileSync(path, zipSync(filesBelow(root)));
  return path;
};

describe.each(["dropped", "picked", "zip"])("%s", (how) => {
  let visit: Visit;

  beforeAll(async () => {
    visit = await Visit.open(browser, page);
  });

  afterAll(async () => {
    expect(visit.requests.filter((url) => !url.startsWith(page)), "nothing leaves the browser").toEqual([]);
    await visit.end();
  });

  test.each(cases)("$name", async ({ name, does, files = 5, title, said, plan, found }) => {
    const { page: tab } = visit;
    const root = releases.copy(`${name}, ${how}`);
    does(root);
    await tab.getByRole("tab", { name: "Plan" }).click();
    if (how === "picked") await visit.pick("#open-folder", root);
    else if (how === "dropped") await visit.drop("main", root);
    else await visit.pick("#open-zip", archive(root));
    await tab.getByText(`${name}, ${how}`).waitFor();
    expect(await visit.text("#source")).toContain(`2 releases · 1 image · ${files} files`);
    await tab.locator("rp-plan-view [aria-busy=false] #headline").waitFor();
    if (plan !== undefined) expect(await visit.text("#signed")).toBe(plan);
    await tab.locator("rp-findings-view [aria-busy=false] #verdict").waitFor();
    const panel = await visit.text("rp-findings-view section");
    if (found !== undefined) expect(panel).toContain(found);
    else expect(panel).not.toMatch(/waybill|sign/);
    await tab.getByRole("tab", { name: "Releases" }).click();
    await expectSaid(visit, title, said);
    expect(await visit.text("#ignored-title"), "documents are no oddities").toBe("Ignored (0)");
  });
});

test.each([false, true])("nothing is said where there are no keys; a folder is dropped: %s", async (isDropped) => {
  const own = await serve(releases.unsigned(`no keys, ${isDropped}`));
  const visit = await Visit.open(browser, `${own.url}_preview/`);
  const { page: tab } = visit;
  if (isDropped) await visit.drop("main", releases.unsigned("dropped"));
  await tab.locator("#source").getByText(isDropped ? "dropped" : new URL(own.url).host).waitFor();
  await tab.locator("#headline").waitFor();
  expect(await tab.locator("#signed").count()).toBe(0);
  await tab.getByRole("tab", { name: "Releases" }).click();
  await tab.locator("#releases-title").waitFor();
  expect(await tab.locator(SECTION).count()).toBe(0);
  expect(await visit.text("#ignored-title")).toBe("Ignored (0)");
  await visit.end();
  await own.stop();
});

test.each<[string, (root: string) => void, string, string]>([
  ["another release", (root) => remove(root, "1.0.0.waybill"), "to=1.0.0", 'there is no "1.0.0.waybill": devices with keys refuse it'],
  ["another device", (root) => remove(root, "1.0.1.waybill"), "from=0.9", 'there is no "1.0.1.waybill": devices with keys refuse it'],
  ["another order", (root) => remove(root, "firmware_1.0.1.bin.waybill.sig"), "scheme=semver", "0 of the 1 release keys needed signed it"],
])("for %s the page checks what the server's documents say", async (name, does, view, found) => {
  const root = releases.copy(`documents, ${name}`);
  does(root);
  const own = await serve(root);
  const visit = await Visit.open(browser, `${own.url}_preview/#${view}`);
  await visit.page.locator("rp-findings-view [aria-busy=false] #verdict").waitFor();
  expect(await visit.text("rp-findings-view section")).toContain(found);
  await visit.end();
  await own.stop();
});

describe("a server", () => {
  const changed = (root: string) => appendFileSync(join(root, "1.0.1/flash/main.py"), "# later\n");
  const only = "--signed-only";

  test.each<[string, (root: string) => void, string[], Omit<Case, "name" | "does" | "files"> & { releases: string; ignored: string[] }]>([
    ["signed", () => undefined, [only], { releases: "2 releases · 1 image", title: "Signed (3 of 3)", said: VALID, plan: "✓ signed by office", ignored: [] }],
    [
      "a changed file",
      changed,
      [only],
      {
        releases: "1 release · 0 images",
        title: "Signed (2 of 3)",
        said: { ...VALID, "1.0.1": ["✕ not valid", "signed_mismatch", AGAIN] },
        ignored: ["it changed since it was signed", "firmware_1.0.1.bin"],
      },
    ],
    [
      "a changed file that is offered",
      changed,
      [],
      {
        releases: "2 releases · 1 image",
        title: "Signed (2 of 3)",
        said: { ...VALID, "1.0.1": ["✕ not valid", "signed_mismatch", AGAIN] },
        plan: '✕ Devices with keys refuse 1.0.1: "1.0.1/flash/main.py": it changed since it was signed; sign the release again if that is meant signed_mismatch',
        ignored: [],
      },
    ],
    [
      "damaged keys",
      (root) => writeFileSync(join(root, "keys/1.waybill"), "<html>\n"),
      [],
      { releases: "2 releases · 1 image", title: "Signed (0 of 0)", said: { "": ["document_"] }, ignored: [] },
    ],
    [
      "no keys",
      (root) => remove(root, "keys"),
      [only],
      { releases: "0 releases · 0 images", title: "Signed (0 of 0)", said: { "": ["keys_missing"] }, ignored: ["1.0.0", "keys_missing"] },
    ],
  ])("%s", async (name, does, options, { releases: offered, title, said, plan, ignored }) => {
    const root = releases.copy(`served, ${name}`);
    does(root);
    const own = await serve(root, ...options);
    const visit = await Visit.open(browser, `${own.url}_preview/`);
    const { page: tab } = visit;
    await tab.getByText(offered).waitFor();
    if (plan !== undefined) expect(await visit.text("#signed")).toBe(plan);
    await tab.getByRole("tab", { name: "Releases" }).click();
    await expectSaid(visit, title, said);
    const text = await visit.text(IGNORED);
    for (const part of ignored) expect(text).toContain(part);
    await tab.getByRole("tab", { name: "Manifest" }).click();
    await tab.locator("#compare").click();
    await tab.getByText("The same, byte for byte.").waitFor();
    await visit.end();
    await own.stop();
  });
});

describe.each(["light", "dark"] as const)("in Firefox, %s", (scheme) => {
  let firefox: Firefox;

  beforeAll(async () => {
    firefox = await Firefox.launch(scheme);
  });

  afterAll(() => firefox?.end(page));

  test.each([1280, 360])("a zip with a changed file, %i pixels wide", async (width) => {
    const root = releases.copy(`${scheme}-${width}`);
    appendFileSync(join(root, "1.0.1/flash/main.py"), "# later\n");
    await firefox.renew();
    await firefox.open(`${page}#tab=releases`, { width, height: 900 });
    await firefox.text("#source", "2 releases");
    await firefox.pick("#zip", archive(root));
    const said = await firefox.text(`rp-releases-view >> ${SECTION}`, "Signed (2 of 3)");
    for (const part of ["For devices that have keys 1 of smart-meter.", "✕ not valid", "signed_mismatch", AGAIN]) expect(said).toContain(part);
    await firefox.shot(`signed-firefox-${scheme}-${width}`);
  });
});
