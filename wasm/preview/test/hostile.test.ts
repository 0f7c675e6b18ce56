// What a person can give the page by mistake, or somebody else on purpose.

import { existsSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { zipSync } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { filesBelow, noise, scratch, writeTree } from "./support/tree.js";

let browser: Browser;
let server: Server;
let page: string;
const folder = scratch();

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), serve(EXAMPLES)]);
  page = `${server.url}_preview/`;
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const bytes = (text: string) => new TextEncoder().encode(text);

/** Writes a zip, and gives its path. */
function zip(name: string, content: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Changes the number of four bytes at an offset in each entry of the directory of an archive. */
function inDirectory(archive: Uint8Array, offset: number, value: number): Uint8Array {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  for (let at = 0; at + 46 < archive.length; at += 1) {
    if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + offset, value, true);
  }
  return archive;
}

async function opened(path: string): Promise<Visit> {
  const visit = await Visit.open(browser, `${page}#tab=releases`);
  await visit.pick("#open-zip", path);
  return visit;
}

describe("a zip", () => {
  test("with names that lead out is shown with what the engine refuses", async () => {
    const visit = await opened(
      zip("names.zip", zipSync({
        "../evil.py": bytes("x"),
        "1.0.0/flash/main.py": bytes("fine"),
        "1.0.1/../../evil.py": bytes("x"),
        "1.0.2/flash//main.py": bytes("x"),
        "1.0.3/C:\\evil.py": bytes("x"),
        "/1.0.4/flash/main.py": bytes("x"),
        "1.0.5/\u0001.py": bytes("x"),
      })),
    );
    await visit.page.getByText("Zip names.zip").waitFor();
    expect(await visit.text("#source")).toContain("1 release ·");
    const ignored = await visit.text("section[aria-labelledby=ignored-title]");
    for (const part of ["1.0.1/../../evil.py", "path_segment", "path_backslash", "path_control"]) expect(ignored).toContain(part);
    await visit.end();
  });

  const refused: [string, () => Uint8Array, string][] = [
    ["that is a bomb", () => zipSync({ "1.0.0/zeros": new Uint8Array(64 * 1024 * 1024) }, { level: 9 }), "zip_too_big"],
    ["that is larger than it claims", () => inDirectory(zipSync({ "1.0.0/zeros": new Uint8Array(8 * 1024 * 1024) }), 24, 1000), "zip_too_big"],
    ["that says it holds gigabytes", () => inDirectory(zipSync({ "1.0.0/x": bytes("x") }), 24, 0xfffffff0), "zip_too_big"],
    ["that is none", () => noise(5000, 1), "zip_invalid"],
    ["that is empty", () => new Uint8Array(0), "zip_invalid"],
    ["that was cut off", () => zipSync({ "1.0.0/x": noise(5000, 1) }).slice(0, 4000), "zip_invalid"],
    ["whose directory is elsewhere", () => {
      const archive = zipSync({ "1.0.0/x": bytes("x") });
      new DataView(archive.buffer).setUint32(archive.length - 6, 3, true);
      return archive;
    }, "zip_invalid"],
  ];

  test.each(refused)("%s is refused, and says what to do", async (name, content, code) => {
    const visit = await opened(zip("bad.zip", content()));
    const alert = visit.page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText(), name).toContain(code);
    expect(await alert.innerText()).toMatch(/create it again|create the archive again|open the folder/);
    expect(await visit.text("#source"), "what was open stays").toContain("This server");
    await visit.page.locator("#open-server").click();
    await alert.waitFor({ state: "detached" });
    await visit.end();
  });

  test("with a damaged file leaves out that release", async () => {
    const archive = zipSync({ "1.0.0/good.py": bytes("good"), "1.0.1/bad.py": noise(3000, 2) }, { level: 0 });
    archive[archive.length - 400]! ^= 1;
    const visit = await opened(zip("damaged.zip", archive));
    await visit.page.getByText("Zip damaged.zip").waitFor();
    expect(await visit.text("section[aria-labelledby=ignored-title]")).toContain("it is damaged in the archive");
    expect(await visit.text("#source")).toContain("1 release ·");
    await visit.end();
  });

  test("with symbolic links keeps to those inside the release", async () => {
    const link = (target: string) => [bytes(target), { os: 3, attrs: 0o120777 << 16 }] as const;
    const visit = await opened(
      zip("links.zip", zipSync({
        "1.0.0/flash/main.py": bytes("content"),
        "1.0.0/flash/alias.py": link("main.py") as never,
        "1.0.1/flash/main.py": bytes("content"),
        "1.0.1/flash/out.py": link("../../../etc/passwd") as never,
        "1.0.1/a": link("b") as never,
        "1.0.1/b": link("a") as never,
      })),
    );
    await visit.page.getByText("Zip links.zip").waitFor();
    expect(await visit.text("section[aria-labelledby=ignored-title]")).toContain("link_outside");
    await visit.page.getByRole("tab", { name: "Plan" }).click();
    await visit.page.getByText("A device without a version downloads 14 B").waitFor();
    await visit.end();
  });
});

describe("a zip of links", () => {
  const LINKS = 190_000;
  const name = (index: number) => `1.0.1/${index.toString(36)}`;
  const link = (target: string) => [bytes(target), { os: 3, attrs: 0o120777 << 16, level: 0 }] as never;

  /** An archive with one release that is fine and one of links. */
  function links(target: (index: number) => string | null): Uint8Array {
    const files: Record<string, never> = {};
    for (let index = 0; index < LINKS; index += 1) {
      const to = target(index);
      files[name(index)] = to === null ? (bytes("content") as never) : link(to);
    }
    return zipSync({ "1.0.0/main.py": bytes("fine"), ...files }, { level: 0 });
  }

  test.each([
    ["in one ring", (index: number) => ((index + 1) % LINKS).toString(36), "1 release ·"],
    ["in a chain, from its end", (index: number) => (index === 0 ? null : (index - 1).toString(36)), "2 releases ·"],
    ["in a chain, from its start", (index: number) => (index === LINKS - 1 ? null : (index + 1).toString(36)), "2 releases ·"],
  ])("%s is followed once for each", async (shape, target, releases) => {
    const visit = await opened(zip("chain.zip", links(target)));
    const { page: tab } = visit;
    await tab.getByText("Zip chain.zip").waitFor({ timeout: 100_000 });
    expect(await visit.text("#source")).toContain(releases);
    if (shape === "in one ring") expect(await visit.text("section[aria-labelledby=ignored-title]")).toContain("link_outside");
    else {
      await tab.getByRole("tab", { name: "Plan" }).click();
      await tab.locator("#download", { hasText: "in 190,000 files" }).waitFor();
    }
    await visit.end();
  }, 120_000);

  test("of long targets reads none of them", async () => {
    const long = zip("long.zip", zipSync({ "1.0.0/main.py": bytes("fine"), "1.0.1/a": link("x/".repeat(5000)) }));
    const visit = await opened(long);
    await visit.page.getByText("Zip long.zip").waitFor();
    expect(await visit.text("section[aria-labelledby=ignored-title]")).toContain("a link whose target is too long");
    const many: Record<string, never> = {};
    for (let index = 0; index < 5000; index += 1) many[name(index)] = [noise(4000, index), { os: 3, attrs: 0o120777 << 16, level: 0 }] as never;
    await visit.pick("#open-zip", zip("many.zip", zipSync(many)));
    const alert = visit.page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/its links claim 20,000,000 bytes.*zip_too_big/);
    await visit.end();
  });

  test("to a file shows that file", async () => {
    const visit = await opened(zip("alias.zip", zipSync({ "1.0.0/main.py": bytes("the content\n"), "1.0.0/alias.py": link("main.py") })));
    const { page: tab } = visit;
    await tab.getByText("Zip alias.zip").waitFor();
    await tab.getByRole("tab", { name: "Plan" }).click();
    await tab.locator(".item", { hasText: "alias.py" }).click();
    await tab.locator("rp-file-detail .line.added", { hasText: "the content" }).waitFor();
    await visit.end();
  });
});

test("a zip made by a Mac is read as it was packed", async () => {
  const files = filesBelow(EXAMPLES);
  const packed: Record<string, Uint8Array> = {};
  for (const [path, content] of Object.entries(files)) {
    packed[`releases/${path}`] = content;
    packed[`__MACOSX/releases/${path.replace(/[^/]+$/, "._$&")}`] = noise(20, 1);
  }
  const visit = await opened(zip("mac.zip", zipSync(packed)));
  await visit.page.getByText("Zip mac.zip").waitFor();
  expect(await visit.text("#source")).toContain("2 releases · 2 images ·");
  expect(await visit.text("section[aria-labelledby=ignored-title]")).toContain("__MACOSX");
  await visit.page.getByRole("tab", { name: "Plan" }).click();
  await visit.page.getByText("A device on 1.0.0 downloads 109 kB to get to 1.0.1").waitFor();
  await visit.end();
});

test("a file that vanishes in the middle of its reading leaves out its release and says so", async () => {
  const root = writeTree(scratch(), { "1.0.0/main.py": "one", "1.0.1/main.py": "two", "1.0.1/long.bin": "" });
  const long = join(root, "1.0.1/long.bin");
  // So long that it is still being read when the page tells of the first part.
  truncateSync(long, 1024 * 1024 * 1024);
  const visit = await Visit.open(browser, `${page}#tab=releases`);
  const { page: tab } = visit;
  await tab.exposeFunction("vanish", () => {
    truncateSync(long, 0);
    rmSync(long);
  });
  await tab.evaluate(() => {
    const bar = document.querySelector("release-preview")!.shadowRoot!.querySelector("rp-source-bar")!.shadowRoot!;
    const watch = new MutationObserver(() => {
      const progress = bar.querySelector("progress");
      if (progress === null || !(progress.value > 0 && progress.value < progress.max)) return;
      watch.disconnect();
      void (globalThis as unknown as { vanish(): Promise<void> }).vanish();
    });
    watch.observe(bar, { childList: true, subtree: true, characterData: true, attributes: true });
  });
  await visit.pick("#open-folder", root);
  await tab.getByText("Folder airwaybill-preview").waitFor();
  const ignored = await visit.text("section[aria-labelledby=ignored-title]");
  expect(ignored).toContain("1.0.1/long.bin");
  expect(ignored).toContain("file_unread");
  expect(await visit.text("#source")).toContain("1 release ·");
  expect(existsSync(long)).toBe(false);
  await visit.end();
});

test("a file that vanishes before it is read leaves out its release and says so", async () => {
  const root = writeTree(scratch(), { "1.0.0/main.py": "one", "1.0.1/main.py": "two", "1.0.1/gone.py": "gone" });
  const visit = await Visit.open(browser, `${page}#tab=releases`);
  const { page: tab } = visit;
  // The list of files is there before the file goes; reading begins after.
  await tab.evaluate(() => {
    const input = Object.assign(document.createElement("input"), { type: "file", id: "held", webkitdirectory: true });
    document.body.append(input);
  });
  await tab.locator("#held").setInputFiles(root);
  rmSync(join(root, "1.0.1/gone.py"));
  await tab.locator("#folder").evaluate((input: HTMLInputElement) => {
    input.files = document.querySelector<HTMLInputElement>("#held")!.files;
    input.dispatchEvent(new Event("change"));
  });
  await tab.getByText("Folder airwaybill-preview").waitFor();
  const ignored = await visit.text("section[aria-labelledby=ignored-title]");
  expect(ignored).toContain("1.0.1/gone.py");
  expect(ignored).toContain("file_unread");
  expect(await visit.text("#source")).toContain("1 release ·");
  await visit.end();
});

test("a server without releases says what a directory of releases is", async () => {
  const own = await serve(writeTree(scratch(), { "docs/readme.md": "no release" }));
  const visit = await Visit.open(browser, `${own.url}_preview/#tab=releases&from=1.0.0`);
  expect(await visit.text("section[aria-labelledby=releases-title]")).toContain("named with its version");
  await visit.page.getByRole("tab", { name: "Matrix" }).click();
  await visit.page.getByText("There is no release to compare").waitFor();
  await visit.page.getByRole("tab", { name: "Plan" }).click();
  await visit.page.getByText("There is no release to offer here").waitFor();
  await visit.end();
  await own.stop();
});

describe("a check", () => {
  test.each([
    ["a manifest that is not JSON", "{", "json_invalid"],
    ["null, which is not a manifest", "null", "field_type"],
    ["a manifest without its fields", '{"new": []}', "field_missing"],
    ["a path that leads out", JSON.stringify({ delete: ["../x"], new: [], update: [], version: "1.0.1", previous_version: null }), "path_segment"],
    ["noise", noise(2000, 3), "json_invalid"],
  ])("with %s names what is wrong", async (_, content, code) => {
    const path = join(folder, "odd.json");
    writeFileSync(path, content);
    const visit = await Visit.open(browser, `${page}#tab=check`);
    await visit.pick("text=choose a manifest", path);
    await visit.page.locator("#check-own").click();
    const alert = visit.page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toContain(code);
    await visit.end();
  });

  test.each([
    ["text", "no listing"],
    ["an object", '{"path": "x"}'],
    ["numbers", "[1, 2]"],
    ["a path that leads out", `[{"path": "../x", "size": 1, "sha1": "${"0".repeat(40)}"}]`],
    ["a hash that is none", '[{"path": "x", "size": 1, "sha1": "x"}]'],
  ])("of a device's listing that is %s names what is wrong", async (_, content) => {
    const path = join(folder, "listing.json");
    writeFileSync(path, content);
    const visit = await Visit.open(browser, `${page}#tab=check`);
    await visit.pick("text=choose a listing", path);
    await visit.page.getByRole("alert").waitFor();
    expect(await visit.page.getByRole("alert").innerText()).toMatch(/json_invalid|field_type|path_segment|digest_invalid/);
    await visit.end();
  });
});

test("contents and names are shown as text, whatever they contain", async () => {
  const nasty = "<img src=x onerror=alert(1)>";
  const root = writeTree(scratch(), {
    [`1.0.0/${nasty.replace("/", "")}.py`]: "a\n",
    [`1.0.1/${nasty.replace("/", "")}.py`]: `${nasty}\n<script>alert(1)</script>\n${"x".repeat(100_000)}\r\n`,
    "1.0.1/latin1.txt": new Uint8Array([0x67, 0xfc, 0x74]),
    "1.0.1/utf16.txt": new Uint8Array([0xff, 0xfe, 0x67, 0]),
    "1.0.1/long.txt": "line\n".repeat(300_000),
    "1.0.1/empty.txt": "",
  });
  const own = await serve(root);
  const visit = await Visit.open(browser, `${own.url}_preview/`);
  const { page: tab } = visit;
  await tab.locator(".item", { hasText: "onerror" }).click();
  await tab.locator("rp-file-detail .line.added").first().waitFor();
  expect(await visit.text("rp-file-detail .scroller")).toContain(nasty);
  expect(await tab.locator("rp-file-detail img").count()).toBe(0);
  for (const [name, note] of [["latin1", "binary"], ["utf16", "binary"], ["long", "too large"]] as const) {
    await tab.locator(".item", { hasText: name }).click();
    await tab.locator("rp-file-detail", { hasText: note }).waitFor();
  }
  await tab.locator(".item", { hasText: "empty.txt" }).click();
  await tab.getByText("No line differs.").waitFor();
  await visit.end();
  await own.stop();
});
