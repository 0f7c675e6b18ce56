// Zips as the programs write them that people have.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 as zlibCrc32 } from "node:zlib";

import { zipSync } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { crc32 } from "../src/engine/crc32.js";
import { nameOf } from "../src/engine/zip-names.js";
import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { python, serve, type Server } from "./support/server.js";
import { BROWSERS, type Tab } from "./support/tabs.js";
import { noise, scratch } from "./support/tree.js";
import { showing } from "./support/view.js";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("names", () => {
  const [unix, fat, mac] = [3, 0, 19];
  const cp437 = Uint8Array.from([0x47, 0x72, 0x94, 0xe1, 0x65, 0x2e, 0x70, 0x79]);
  const field = (name: string, of: Uint8Array) => {
    const text = bytes(name);
    const view = new DataView(new ArrayBuffer(5 + text.length));
    view.setUint8(0, 1);
    view.setUint32(1, crc32(of), true);
    new Uint8Array(view.buffer, 5).set(text);
    return view;
  };

  test.each([
    ["ASCII", bytes("1.0.0/main.py"), false, null, fat, "1.0.0/main.py"],
    ["UTF-8 with its flag", bytes("1.0.0/Größe.py"), true, null, fat, "1.0.0/Größe.py"],
    ["UTF-8 without, as macOS writes it", bytes("1.0.0/Größe.py"), false, null, mac, "1.0.0/Größe.py"],
    ["code page 437", cp437, false, null, fat, "Größe.py"],
    ["with an extra field", cp437, false, field("日本.py", cp437), unix, "日本.py"],
    ["with the extra field of another name", cp437, false, field("日本.py", bytes("x")), unix, "Größe.py"],
    ["backslashes of Windows", bytes("1.0.0\\flash\\main.py"), false, null, fat, "1.0.0/flash/main.py"],
    ["backslashes beside slashes", bytes("1.0.0/C:\\main.py"), false, null, fat, "1.0.0/C:\\main.py"],
    ["backslashes of Unix", bytes("1.0.0\\main.py"), false, null, unix, "1.0.0\\main.py"],
  ])("%s", (_, raw, isUtf8, unicode, system, name) => {
    expect(nameOf(raw, isUtf8, unicode, system)).toEqual({ name, shown: name });
  });

  test("that claim to be UTF-8 and are not, are none", () => {
    expect(nameOf(cp437, true, null, fat)).toEqual({ name: null, shown: "Gr\ufffd\ufffde.py" });
  });
});

test.each([0, 1, 7, 8, 9, 1000])("the checksum of %i bytes is zlib's, in one piece and in two", (size) => {
  const content = noise(size, 1);
  expect(crc32(content)).toBe(zlibCrc32(content));
  const [first, second] = [content.subarray(0, size / 3), content.subarray(size / 3)];
  expect(crc32(second, crc32(first))).toBe(zlibCrc32(content));
});

describe("opened in the page", () => {
  const folder = scratch();
  let browser: Browser;
  let server: Server;

  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), serve(EXAMPLES)]);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** Python's writer, with something changed. */
  const WRITER = `
import sys, zipfile
kind, path = sys.argv[1:]
class Named(zipfile.ZipInfo):
    def _encodeFilenameFlags(self):
        return self.filename.encode("cp437"), 0
if kind == "zip64":
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 1, 1
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
    for name in ("1.0.0/flash/main.py", "1.0.0/flash/Größe.py", "1.0.1/flash/main.py"):
        info = (Named if kind == "code page 437" else zipfile.ZipInfo)(name)
        if kind == "backslashes":
            info.filename, info.create_system = name.replace("/", "\\\\"), 0
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, f"print({name!r})\\n" * 100)
`;

  describe.each(BROWSERS)("by $name", ({ start }) => {
    let tab: Tab;

    beforeAll(async () => {
      tab = await start();
    });

    afterAll(() => tab?.end(server.url));

    test.each(["zip64", "code page 437", "backslashes", "plain"])("%s", async (kind) => {
      const path = join(folder, `${kind}.zip`);
      await python(WRITER, kind, path);
      await tab.open(`${server.url}_preview/#from=`);
      await tab.text("#headline", "to get to 1.0.1");
      await tab.pick("#zip", path);
      await tab.text("#source", `Zip ${kind}.zip · 2 releases · 0 images · 3 files`);
      await tab.value(showing("from=&to=1.0.0"));
      await tab.text("#row-0", "Größe.py");
      await tab.click("#row-0");
      await tab.text("rp-file-detail >> .line.added", "print('1.0.0/flash/Größe.py')");
    });
  });

  test.each([
    ["smaller than one piece", 100],
    ["just small enough to be read at once", 4 * 1024 * 1024],
    ["one byte more", 4 * 1024 * 1024 + 1],
  ])("a file that is %s is hashed right, and one that is longer than it says is found", async (what, size) => {
    const visit = await Visit.open(browser, `${server.url}_preview/#from=`);
    const { page: tab } = visit;
    const content = { "1.0.0/flash/a.bin": noise(size, 3), "1.0.0/flash/b.bin": new Uint8Array(size) };
    writeFileSync(join(folder, "size.zip"), zipSync(content));
    await visit.pick("#open-zip", join(folder, "size.zip"));
    await tab.getByText("Zip size.zip").waitFor();
    await tab.locator(".item", { hasText: "b.bin" }).click();
    const sha1 = await python("import hashlib, sys; print(hashlib.sha1(bytes(int(sys.argv[1]))).hexdigest())", String(size));
    await tab.locator("rp-file-detail dl", { hasText: sha1.trim() }).waitFor();

    const archive = zipSync(content);
    const view = new DataView(archive.buffer, archive.byteOffset);
    for (let at = 0; at + 46 < archive.length; at += 1) if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, size - 1, true);
    writeFileSync(join(folder, "longer.zip"), archive);
    await visit.pick("#open-zip", join(folder, "longer.zip"));
    await tab.getByRole("alert").waitFor();
    expect(await tab.getByRole("alert").innerText(), what).toMatch(/is larger than it claims.*zip_too_big/);
    expect(await visit.text("#source")).toContain("Zip size.zip");
    await visit.end();
  });
});
