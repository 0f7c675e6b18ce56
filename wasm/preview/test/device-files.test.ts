// The check of a device by what lists its files: sha1sum, sha256sum, and the program that the page shows for MicroPython.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { zipSync } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES, PYTHON } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { BROWSERS } from "./support/tabs.js";
import { filesBelow, scratch, writeTree } from "./support/tree.js";

const MICROPYTHON = join(dirname(PYTHON), "micropython");
const FILES = Object.keys(filesBelow(join(EXAMPLES, "1.0.1"))).length;
const OTHER = "print('edited on the device')\n";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), serve(EXAMPLES)]);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** A device that has all of 1.0.1, and one on which a file differs, one is missing and one is more. */
function devices(): { right: string; wrong: string } {
  const [right, wrong] = [scratch(), scratch()];
  for (const device of [right, wrong]) cpSync(join(EXAMPLES, "1.0.1"), device, { recursive: true });
  writeTree(wrong, { "flash/main.py": OTHER, "flash/notes.txt": "mine" });
  rmSync(join(wrong, "flash/lib/new_lib.py"));
  return { right, wrong };
}

const hex = (name: string, content: string | Uint8Array) => createHash(name).update(content).digest("hex").slice(0, 12);

const shell = (command: string) => (device: string) => execFileSync("sh", ["-c", command], { cwd: device });

/** What a program prints in MicroPython, on a directory instead of the device's root. */
function inMicroPython(program: string, device: string): Buffer {
  expect(program).toContain('TOP = "/"');
  const path = join(scratch(), "device_files.py");
  writeFileSync(path, program.replace('TOP = "/"', `TOP = ${JSON.stringify(`${device}/`)}`));
  return execFileSync(MICROPYTHON, [path]);
}

/** What the page's own prints there. */
async function micropython(visit: Visit, device: string): Promise<Buffer> {
  const closed = visit.page.locator("#how-to-list:not([open]) > summary");
  if ((await closed.count()) > 0) await closed.click();
  const saving = visit.page.waitForEvent("download");
  await visit.page.locator("#how-to-list").getByRole("button", { name: "Download" }).click();
  return inMicroPython(readFileSync(await (await saving).path(), "utf8"), device);
}

const utf16 = (text: Buffer) => Buffer.from(`\ufeff${text.toString().replaceAll("\n", "\r\n")}`, "utf16le");

const lists: [string, string | null, (visit: Visit, device: string) => Buffer | Promise<Buffer>][] = [
  ["sha1sum", "sha1", (_, device) => shell("find . -type f -exec sha1sum {} +")(device)],
  ["sha256sum, from PowerShell", "sha256", (_, device) => utf16(shell("find . -type f -exec sha256sum -b {} +")(device))],
  ["the page's program in MicroPython", null, micropython],
];

async function opened(): Promise<Visit> {
  return Visit.open(browser, `${server.url}_preview/#tab=check&from=1.0.1`);
}

async function openedZip(): Promise<Visit> {
  const path = join(scratch(), "releases.zip");
  writeFileSync(path, zipSync(filesBelow(EXAMPLES)));
  const visit = await opened();
  await visit.pick("#open-zip", path);
  await visit.page.getByText("Zip releases.zip").waitFor();
  return visit;
}

describe.each([["the server's releases", opened], ["a zip", openedZip]] as const)("%s", (_, open) => {
  test.each(lists)("%s", async (_, algorithm, list) => {
    const visit = await open();
    const { page: tab } = visit;
    const { right, wrong } = devices();
    const listing = join(scratch(), "device.txt");
    const check = async (device: string) => {
      writeFileSync(listing, await list(visit, device));
      await visit.pick("text=choose a listing", listing);
    };
    await tab.locator("#check-version").selectOption("1.0.1");
    await check(right);
    await tab.getByText(`Everything matches. Release 1.0.1: ${FILES} checked, ${FILES} OK`).waitFor();
    await check(wrong);
    await tab.getByText(`Something differs. Release 1.0.1: ${FILES} checked, ${FILES - 2} OK, 1 different, 1 missing, 1 unexpected`).waitFor();
    await tab.getByLabel("only problems").check();
    const rows = (await tab.locator("rp-verify-view .item").allInnerTexts()).map((row) => row.replace(/\s+/g, " "));
    const expected = (path: string, name: string) => hex(name, readFileSync(join(EXAMPLES, "1.0.1", path)));
    const size = algorithm === null ? (bytes: number) => `${bytes.toLocaleString("en")} B ` : () => "";
    const name = algorithm ?? "sha1";
    const main = readFileSync(join(EXAMPLES, "1.0.1/flash/main.py"));
    expect(rows[0]).toMatch(/missing flash\/lib\/new_lib\.py expected/);
    expect(rows[1]).toContain(`different flash/main.py expected ${size(main.length)}${expected("flash/main.py", name)}…; found ${size(OTHER.length)}${hex(name, OTHER)}…`);
    expect(rows[2]).toContain(`unexpected flash/notes.txt found ${size(4)}${hex(name, "mine")}…`);
    await visit.end();
  });
});

describe.each(BROWSERS)("in $name", ({ start }) => {
  test("what the copied program prints on a device is checked, and so is sha256sum's list", async () => {
    const tab = await start();
    await tab.open(`${server.url}_preview/#tab=check&from=1.0.1`);
    await tab.click("#how-to-list > summary");
    await tab.click("#how-to-list button");
    await tab.text("#how-to-list [role=status]", "copied");
    const program = await tab.clipboard();
    const { right, wrong } = devices();
    const check = async (content: Buffer) => {
      const listing = join(scratch(), "device.txt");
      writeFileSync(listing, content);
      await tab.pick("#device-listing", listing);
    };
    await check(inMicroPython(program, right));
    await tab.text("#check-result", `Everything matches. Release 1.0.1: ${FILES} checked, ${FILES} OK`);
    await check(inMicroPython(program, wrong));
    await tab.text("#check-result", `Something differs. Release 1.0.1: ${FILES} checked, ${FILES - 2} OK, 1 different, 1 missing, 1 unexpected`);
    await check(shell("find . -type f -exec sha256sum {} +")(right));
    await tab.text("#check-result", "Everything matches.");
    await tab.end(server.url);
  });
});

test("a list with a line that says something else is named", async () => {
  const visit = await opened();
  const listing = join(scratch(), "device.txt");
  writeFileSync(listing, `${"a".repeat(40)}  flash/main.py\nsha1sum: flash/lib: Is a directory\n`);
  await visit.pick("text=choose a listing", listing);
  await visit.page.getByText("line 2 of the list has no digest and path: sha1sum: flash/lib: Is a directory").waitFor();
  await visit.end();
});
