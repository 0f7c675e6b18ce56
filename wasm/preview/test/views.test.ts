// Every view on ten thousand files, and on a zip with links and names that FAT cannot store.

import { createHash } from "node:crypto";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { zipSync, type Zippable } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { filesBelow, manyFiles, noise, scratch, writeTree } from "./support/tree.js";

interface Source {
  files: number;
  root: string;
  server: Server;
  open(fragment?: string): Promise<Visit>;
}

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(() => browser?.close());

/** Two releases of many files, a candidate, an image for each, and files that cause warnings. */
function releases(files: number): string {
  const root = manyFiles(scratch(), ["1.0.0", "1.0.1"], files);
  return writeTree(root, {
    "1.0.0-rc.1/flash/main.py": "candidate\n",
    "firmware_1.0.0.bin": noise(3000, 1),
    "firmware_1.0.1.bin": noise(4000, 2),
    "0.9/flash/Lib.py": "FAT has one name",
    "0.9/flash/lib.py": "for both",
    "0.09/flash/main.py": "equal to 0.9",
    "docs/readme.md": "no release",
    "0.8/flash/main.py": "ignored for its link",
  });
}

const OUT = "../../../../etc/passwd";

async function served(): Promise<Source> {
  const root = releases(10_000);
  symlinkSync(OUT, join(root, "0.8/flash/out.py"));
  const server = await serve(root);
  return { files: 10_000, root, server, open: (fragment = "from=1.0.0") => Visit.open(browser, `${server.url}_preview/#${fragment}`) };
}

async function zipped(): Promise<Source> {
  const root = releases(500);
  const content: Zippable = { ...filesBelow(root), "0.8/flash/out.py": [new TextEncoder().encode(OUT), { os: 3, attrs: 0o120777 << 16 }] };
  const archive = join(scratch(), "releases.zip");
  writeFileSync(archive, zipSync(content, { level: 1 }));
  symlinkSync(OUT, join(root, "0.8/flash/out.py"));
  // The page comes from a server with other releases; the one of the same releases is asked for what it would answer.
  const [other, server] = await Promise.all([serve(EXAMPLES), serve(root)]);
  return {
    files: 500,
    root,
    server: { url: server.url, stop: () => Promise.all([other.stop(), server.stop()]).then(() => undefined) },
    async open(fragment = "from=1.0.0") {
      const visit = await Visit.to(browser, `${other.url}_preview/#${fragment}`);
      // An address that names the zip asks for it, and shows nothing else.
      await visit.page.locator("rp-device-form form, #wanted").waitFor();
      await visit.pick("#open-zip", archive);
      await visit.page.getByText("Zip releases.zip").waitFor();
      return visit;
    },
  };
}

/** To read thousands of files takes its time on a busy machine. */
const READING = { timeout: 200_000 };

const number = (value: number) => value.toLocaleString("en");

describe.each([["ten thousand files", served], ["a zip", zipped]] as const)("%s", (_, prepare) => {
  let source: Source;
  /** Of those of a release: changed or new; new; deleted. */
  let [files, fetched, added] = [0, 0, 0];

  beforeAll(async () => {
    source = await prepare();
    files = source.files;
    [fetched, added] = [files / 5, files / 50];
  });

  afterAll(async () => {
    await source?.server.stop();
    if (source !== undefined) rmSync(source.root, { recursive: true, force: true });
  });

  const manifest = async (query: string) => (await fetch(`${source.server.url}manifest.json${query}`)).text();

  test("the plan for any device, target, firmware and order", async () => {
    const visit = await source.open();
    const { page: tab } = visit;
    const counts = async () => Promise.all(["deleted", "new", "updated", "unchanged"].map((id) => visit.text(`#${id}`)));
    await tab.getByText("A device on 1.0.0 downloads").waitFor();
    expect(await visit.text("#source")).toContain("2 images");
    expect(await visit.text("#download")).toContain(`${number(fetched * 4096 + 4000)} B in ${number(fetched + 1)} files`);
    expect(await counts()).toEqual([added, added, fetched - added, files - fetched].map(number));
    expect(await visit.text("#flashed")).toBe("1.0.1 4,000 B");
    expect(await tab.locator("rp-share-bar li").last().innerText()).toContain(`${number(fetched - 8)} more`);

    await tab.locator("#firmware").selectOption("1.0.1");
    await tab.locator("#flashed", { hasText: "none" }).waitFor();
    expect(await visit.text("#download")).toContain(`${number(fetched * 4096)} B in ${number(fetched)} files`);
    await tab.locator("#from").selectOption("1.0.1");
    await tab.getByText("A device on 1.0.1 has nothing to do").waitFor();
    await tab.locator("#firmware").selectOption("1.0.0");
    await tab.getByText("A device on 1.0.1 downloads 4.00 kB to get to 1.0.1").waitFor();
    await tab.locator("#from").selectOption("");
    await tab.getByText("A device without a version downloads").waitFor();
    expect(await counts()).toEqual(["0", number(files), "0", "0"]);
    await tab.locator("#from").selectOption({ label: "another version …" });
    await tab.locator("#from-typed").fill("1.0.0b");
    await tab.keyboard.press("Enter");
    await tab.getByText("A device on 1.0.0b downloads").waitFor();

    // A candidate is higher than its release by the loose order, and lower by the others.
    await tab.locator("#from").selectOption("1.0.0");
    await tab.locator("#to").selectOption("1.0.0-rc.1");
    await tab.getByText("A device on 1.0.0 downloads 4.01 kB to get to 1.0.0-rc.1").waitFor();
    await tab.getByLabel("SemVer").check();
    await tab.locator("#firmware").selectOption("");
    await tab.getByText("A device on 1.0.0 has nothing to do").waitFor();
    await tab.getByLabel("loose").check();
    await tab.getByText("to get to 1.0.0-rc.1").waitFor();
    await tab.getByLabel("PEP 440").check();
    await tab.getByText("A device on 1.0.0 has nothing to do").waitFor();
    await tab.getByLabel("Allow a downgrade").check();
    await tab.getByText("to get to 1.0.0-rc.1").waitFor();
    expect(await visit.text("#deleted")).toBe(number(files));
    await visit.end();
  });

  test("the time on a link", async () => {
    const visit = await source.open("from=1.0.0&firmware=1.0.1");
    const { page: tab } = visit;
    await tab.locator("#download", { hasText: /manifest \d/ }).waitFor();
    const written = Buffer.byteLength(await manifest("?current_ver=1.0.0&firmware_ver=1.0.1"));
    expect(await visit.text("#download")).toContain(`manifest ${number(written)} B`);
    /** As the page writes it. */
    const time = (kilobits: number, share: number, each: number) => {
      const seconds = ((fetched * 4096 + written) * 8) / (kilobits * 1000 * share) + (fetched + 1) * each;
      const minutes = Math.round(seconds / 60);
      if (seconds < 99.5) return seconds < 9.95 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
      if (minutes < 100) return `${minutes} min`;
      return minutes < 2880 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.round(Math.floor(minutes / 60) / 24)} days`;
    };
    expect(await visit.text("#time")).toBe(`${time(2000, 1, 0.05)} WiFi, from a van`);
    await tab.locator("#link").selectOption("nbiot");
    expect(await visit.text("#time")).toBe(`${time(26, 1, 1.6)} NB-IoT`);
    await tab.getByLabel("kbit/s").fill("100");
    await tab.getByLabel("s per file").fill("0.25");
    await tab.keyboard.press("Enter");
    expect(await visit.text("#time")).toBe(`${time(100, 1, 0.25)} NB-IoT`);
    await tab.locator("#link").selectOption("lora");
    expect(await visit.text("#time")).toBe(`${time(5.47, 0.01, 2)} LoRa DR5`);
    await tab.getByLabel("% on air").fill("100");
    await tab.keyboard.press("Enter");
    expect(await visit.text("#time")).toBe(`${time(5.47, 1, 2)} LoRa DR5`);
    await visit.end();
  });

  test("the table sorts, filters and opens a file", async () => {
    const visit = await source.open();
    const { page: tab } = visit;
    await tab.locator(".item").first().waitFor();
    await tab.locator("#kind-same").click();
    await tab.getByText(`${number(files + added + 1)} files shown`).waitFor({ state: "attached" });
    expect(await tab.locator(".item").count()).toBeLessThan(80);
    await tab.locator("#sort-kind").click();
    expect(await tab.locator(".item .word").first().textContent()).toBe("delete");
    await tab.locator("#sort-kind").click();
    expect(await tab.locator(".item .word").first().textContent()).toBe("unchanged");
    await tab.locator("#filter").fill("FILE_105.py");
    expect(await tab.locator(".item .path").allTextContents()).toEqual(["flash/part_0/file_105.py"]);
    await tab.locator(".item").click();
    await tab.getByText("binary file: no line diff").waitFor();
    const hash = (version: string) =>
      createHash("sha1").update(readFileSync(join(source.root, version, "flash/part_0/file_105.py"))).digest("hex");
    expect(await visit.text("rp-file-detail dl")).toBe(
      `On the device 4,096 B ${hash("1.0.0")} After the update 4,096 B ${hash("1.0.1")}`,
    );
    await tab.locator("#filter").fill("");
    await tab.locator("#from").selectOption("1.0.0-rc.1");
    await tab.getByText("A device on 1.0.0-rc.1 downloads").waitFor();
    await tab.locator("#filter").fill("main");
    await tab.locator(".item", { hasText: "flash/main.py" }).click();
    await tab.locator("rp-file-detail .line.removed", { hasText: "candidate" }).waitFor();
    await visit.end();
  });

  test("the matrix, and a cell that opens its plan", async () => {
    const visit = await source.open("tab=matrix&from=&firmware=1.0.1");
    const { page: tab } = visit;
    await tab.getByText("Largest downloads to 1.0.1, from 3 older releases").waitFor();
    await tab.getByRole("gridcell", { name: "1.0.1 to 1.0.0: –, nothing to do" }).waitFor();
    await tab.getByRole("gridcell", { name: new RegExp(`^1.0.0 to 1.0.1: .*, ${number(fetched * 4096)} B$`) }).click();
    await tab.getByText("A device on 1.0.0 downloads").waitFor();
    expect(await tab.locator("#to").inputValue()).toBe("1.0.1");
    await visit.end();
  });

  test("the manifest is the server's, by reading, copy, download and comparison", async () => {
    const visit = await source.open("tab=manifest&from=1.0.0");
    const { page: tab } = visit;
    await tab.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await tab.locator("#base").fill(source.server.url);
    await tab.keyboard.press("Enter");
    const expected = await manifest("?current_ver=1.0.0");
    await tab.locator("#about", { hasText: `${number(Buffer.byteLength(expected))} B` }).waitFor();
    await tab.locator("#copy").click();
    await tab.getByText("copied").waitFor();
    expect((await tab.evaluate(() => navigator.clipboard.readText())) === expected, "copied").toBe(true);
    const saving = tab.waitForEvent("download");
    await tab.locator("#save").click();
    expect(readFileSync(await (await saving).path(), "utf8") === expected, "downloaded").toBe(true);
    expect(await tab.locator("rp-manifest-view .line").count()).toBeLessThan(200);
    expect(await visit.text("rp-manifest-view .scroller")).toContain('"delete": [');

    await tab.locator("#compare").click();
    await tab.locator("#compared").waitFor();
    const same = source.files === 10_000;
    expect(await visit.text("#compared")).toContain(same ? "The same, byte for byte." : "The server's answer differs");
    await tab.getByLabel("2, with sizes").check();
    await tab.getByLabel("/flash/…", { exact: true }).check();
    await tab.locator("#compared").waitFor({ state: "detached" });
    await tab.locator("#compare").click();
    await tab.getByText("The server's answer differs").waitFor();
    await visit.end();
  });

  test("Y1: each file of a manifest OK, different or missing in a folder", async () => {
    const visit = await source.open("tab=check&from=1.0.0");
    const { page: tab } = visit;
    const path = join(scratch(), "manifest.json");
    writeFileSync(path, await manifest("?current_ver=1.0.0&format=2"));
    await visit.pick("text=choose a manifest", path);
    await tab.locator("#check-own").click();
    await tab.getByText("Everything matches.").waitFor();
    const all = fetched + 1;
    expect(await visit.text("#check-result")).toContain(`${number(all)} checked, ${number(all)} OK`);

    // 105 is among the files that changed, 150 among those that are new.
    const [wrong, missing] = ["flash/part_0/file_105.py", "flash/part_0/only_in_1_150.py"].map((name) => join(source.root, "1.0.1", name)) as [string, string];
    const kept = [readFileSync(wrong), readFileSync(missing)] as const;
    writeFileSync(wrong, "tampered with");
    rmSync(missing);
    try {
      await visit.drop('[data-drop="content-folder"]', source.root);
      await tab.getByText("Something differs.").waitFor(READING);
      expect(await visit.text("#check-result")).toContain(`${number(all)} checked, ${number(all - 2)} OK, 1 different, 1 missing`);
      await tab.getByLabel("only problems").check();
      const rows = await tab.locator("rp-verify-view .item").allInnerTexts();
      expect(rows.map((row) => row.split(/\s+/).slice(1, 3).join(" "))).toEqual([
        "different 1.0.1/flash/part_0/file_105.py",
        "missing 1.0.1/flash/part_0/only_in_1_150.py",
      ]);
    } finally {
      writeFileSync(wrong, kept[0]);
      writeFileSync(missing, kept[1]);
    }
    await visit.end();
  }, 300_000);

  test("Y2: what differs between a device and its release", async () => {
    const visit = await source.open("tab=check&from=1.0.1");
    const { page: tab } = visit;
    const held = Object.entries(filesBelow(join(source.root, "1.0.1"))).map(([path, content]) => ({
      path, size: content.length, sha1: createHash("sha1").update(content).digest("hex"),
    }));
    const listing = join(scratch(), "device.json");
    writeFileSync(listing, JSON.stringify(held));
    await visit.drop('[data-drop="device-listing"]', listing);
    await tab.getByText("Everything matches.").waitFor();
    expect(await visit.text("#check-result")).toContain(`Release 1.0.1: ${number(files)} checked, ${number(files)} OK`);

    // A device that lost two files, holds another content in two, and has one more.
    const [lost, altered] = [["flash/part_0/file_1.py", "flash/part_0/file_499.py"], ["flash/part_0/file_2.py", "flash/part_0/file_3.py"]];
    const other = held
      .filter(({ path }) => !lost.includes(path))
      .map((entry) => (altered.includes(entry.path) ? { ...entry, sha1: "a".repeat(40) } : entry));
    writeFileSync(listing, JSON.stringify([...other, { path: "flash/config.py", size: 3, sha1: "b".repeat(40) }]));
    await visit.drop('[data-drop="device-listing"]', listing);
    await tab.getByText("Something differs.").waitFor();
    expect(await visit.text("#check-result")).toContain(`${number(files - 4)} OK, 2 different, 2 missing, 1 unexpected`);
    expect(await tab.locator("rp-verify-view .item").count()).toBeLessThan(80);
    await tab.getByLabel("only problems").check();
    const rows = await tab.locator("rp-verify-view .item").allInnerTexts();
    expect(rows.map((row) => row.split(/\s+/).slice(1, 3).join(" "))).toEqual([
      "unexpected flash/config.py",
      "missing flash/part_0/file_1.py",
      "different flash/part_0/file_2.py",
      "different flash/part_0/file_3.py",
      "missing flash/part_0/file_499.py",
    ]);
    await tab.locator("#check-version").selectOption("1.0.0");
    await visit.drop('[data-drop="device-folder"]', join(source.root, "1.0.0"));
    await tab.getByText(`Release 1.0.0: ${number(files)} checked, ${number(files)} OK`).waitFor(READING);
    await visit.end();
  }, 300_000);

  test("warnings: ignored files, equal versions, names that FAT cannot store, links", async () => {
    const visit = await source.open("tab=releases&from=1.0.0");
    await visit.page.getByText("Ignored (").waitFor();
    const warnings = await visit.text("section[aria-labelledby=warnings-title]");
    expect(warnings).toContain("Warnings (2)");
    for (const part of ["0.9/flash/lib.py", "path_case", "0.09", "version_equal"]) expect(warnings).toContain(part);
    const ignored = await visit.text("section[aria-labelledby=ignored-title]");
    for (const part of ["docs", "version_start", "0.8/flash/out.py", "link_outside"]) expect(ignored).toContain(part);
    await visit.page.getByRole("tab", { name: "Releases 4 notices" }).waitFor();
    await visit.end();
  });

  test("an address shows a colleague the same", async () => {
    const visit = await source.open();
    const { page: tab } = visit;
    await tab.getByText("A device on 1.0.0 downloads").waitFor();
    await tab.locator("#from").selectOption("1.0.0-rc.1");
    await tab.locator("#firmware").selectOption("1.0.0");
    await tab.locator("#link").selectOption("lora");
    await tab.getByLabel("SemVer").check();
    await tab.locator("#filter").fill("main");
    await tab.locator("#sort-size").click();
    await tab.locator(".item", { hasText: "main.py" }).click();
    await tab.locator("rp-file-detail .line.removed").waitFor();
    await tab.locator("#download", { hasText: /manifest \d/ }).waitFor();
    const read = (other: Visit) => Promise.all([".summary", ".grid", "rp-file-detail section", "form"].map((part) => other.text(part)));
    const shown = await read(visit);
    const address = tab.url();
    await visit.end();

    const colleague = await source.open(new URL(address).hash.slice(1));
    await colleague.page.locator("rp-file-detail .line.removed").waitFor();
    await colleague.page.locator("#download", { hasText: /manifest \d/ }).waitFor();
    expect(await read(colleague)).toEqual(shown);
    expect(colleague.page.url()).toBe(address);
    await colleague.end();
  });
});
