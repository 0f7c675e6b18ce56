// A folder, a zip or a file that a person gives: the wrong one, one inside it, one release to try.

import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { zipSync } from "fflate";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { remove, SignedReleases } from "./support/signed.js";
import { scratch, writeTree } from "./support/tree.js";

const folder = scratch();
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

/** A folder of that name. */
const tree = (name: string, files: Record<string, string | Uint8Array>) => writeTree(join(scratch(), name), files);

function zip(name: string, files: Record<string, string>): string {
  const path = join(scratch(), name);
  const bytes = Object.entries(files).map(([path, text]) => [path, new TextEncoder().encode(text)]);
  writeFileSync(path, zipSync(Object.fromEntries(bytes)));
  return path;
}

/** The example release 1.0.1 with one more line in main.py, in a folder of that name. */
function edited(name: string): string {
  const path = join(scratch(), name);
  cpSync(join(EXAMPLES, "1.0.1"), path, { recursive: true });
  appendFileSync(join(path, "flash/main.py"), "print('the next one')\n");
  return path;
}

async function expectServer(visit: Visit): Promise<void> {
  expect(await visit.text("#source"), "what was open stays").toContain("This server 127.0.0.1");
  expect(await visit.text("#headline")).toBe("A device on 1.0.0 downloads 109 kB to get to 1.0.1");
}

describe("what has no release is not opened", () => {
  const app = { "flash/boot.py": "", "flash/main.py": "print()\n" };
  const cases: [what: string, path: () => string, says: string, ways: string][] = [
    ["a release", () => join(EXAMPLES, "1.0.1"), "the folder 1.0.1 is the content of one release", "Try it as release Try"],
    ["a zip of what is in one", () => zip("app.zip", app), "the zip app.zip is the content of one release", "Try it as release Try"],
    ["a zip of a directory with it", () => zip("app.zip", { "build/flash/main.py": "" }), "has the content of one release in build/", "Try it as release Try"],
    ["a directory above releases", () => tree("project", { "docs/x.md": "", "releases/1.0.0/flash/main.py": "" }), "has no release, but releases/ in it has", "Open releases/ inside it"],
    ["two directories with releases", () => tree("all", { "old/1.0.0/flash/main.py": "", "new/2.0.0/flash/main.py": "" }), "has no release, but", "Open new/ inside it Open old/ inside it"],
    ["something else", () => tree("photos", { "year/beach.jpg": "", "index.html": "" }), "has no release. Each is a directory named with its version", ""],
    ["an image", () => writeFile("firmware_1.0.2.bin", "image"), "has a firmware image, and no release", "Try it on top of this server's releases"],
  ];

  function writeFile(name: string, text: string): string {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  }

  test.each(cases)("%s", async (what, path, says, ways) => {
    const visit = await Visit.open(browser, page);
    await visit.page.locator("#headline").waitFor();
    await visit.drop("main", path());
    await visit.page.locator("#refused").waitFor();
    const said = await visit.text("#refused");
    expect(said).toContain(says);
    expect(said).toContain("What was open is still shown.");
    expect(ways === "" ? await visit.page.locator("#ways").count() : await visit.text("#ways")).toBe(ways === "" ? 0 : ways);
    await expectServer(visit);
    if (what === "a release") await visit.shot("refused");
    await visit.page.locator("#open-server").click();
    await visit.page.locator("#refused").waitFor({ state: "detached" });
    await visit.end();
  });

  test("a release whose files a device cannot have, with the reasons", async () => {
    const visit = await Visit.open(browser, page);
    await visit.page.locator("#headline").waitFor();
    await visit.pick("#open-zip", zip("bad.zip", { "1.0.2/flash/a:b\\c.py": "" }));
    await visit.page.locator("#refused").waitFor();
    expect(await visit.text("#refused")).toMatch(/has nothing that is offered.*1\.0\.2.*path_backslash/);
    await expectServer(visit);
    await visit.end();
  });

  test.each([
    ["releases.tar.gz", () => execFileSync("tar", ["-czf", join(folder, "releases.tar.gz"), "-C", EXAMPLES, "."]), "is an archive, and no zip: unpack it"],
    ["releases.tar", () => execFileSync("tar", ["-cf", join(folder, "releases.tar"), "-C", EXAMPLES, "."]), "is an archive, and no zip: unpack it"],
    ["notes.json", () => writeFileSync(join(folder, "notes.json"), '{"new": 1}'), "and no manifest ("],
    ["main.py", () => writeFileSync(join(folder, "main.py"), "print()\n"), "main.py is no zip: open a folder of releases"],
  ])("%s", async (name, make, says) => {
    make();
    const visit = await Visit.open(browser, page);
    await visit.page.locator("#headline").waitFor();
    await visit.drop("main", join(folder, name));
    const alert = visit.page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.innerText()).toContain(says);
    await expectServer(visit);
    await visit.end();
  });

  test("a zip without its name's ending is one all the same", async () => {
    const visit = await Visit.open(browser, page);
    cpSync(zip("x.zip", { "7.0.0/flash/main.py": "" }), join(folder, "download"));
    await visit.drop("main", join(folder, "download"));
    await visit.page.getByText("Zip download").waitFor();
    await visit.end();
  });

  test("a manifest goes to the check of manifests", async () => {
    writeFileSync(join(folder, "manifest.json"), await (await fetch(`${server.url}manifest.json?current_ver=1.0.0`)).text());
    const visit = await Visit.open(browser, page);
    const { page: tab } = visit;
    await tab.locator("#headline").waitFor();
    await visit.drop("main", join(folder, "manifest.json"));
    await tab.getByText("Manifest: manifest.json").waitFor();
    expect(await tab.getByRole("tab", { name: "Check" }).getAttribute("aria-selected")).toBe("true");
    expect(await visit.text("#source")).toContain("This server");
    await tab.locator("#check-own").click();
    await tab.getByText("Everything matches.").waitFor();
    await visit.end();
  });
});

test("releases inside a folder open by a click", async () => {
  const visit = await Visit.open(browser, page);
  const { page: tab } = visit;
  const project = join(scratch(), "project");
  cpSync(EXAMPLES, join(project, "ota/releases"), { recursive: true });
  await visit.drop("main", project);
  await tab.getByRole("button", { name: "Open ota/releases/ inside it" }).click();
  await tab.getByText("Folder project ota/releases/").waitFor();
  expect(await visit.text("#source")).toContain("2 releases · 2 images · 12 files");
  await tab.getByText("A device on 1.0.0 downloads 109 kB to get to 1.0.1").waitFor();
  expect(await tab.locator("#refused").count()).toBe(0);
  await tab.locator(".item", { hasText: "flash/main.py" }).click();
  await tab.locator("rp-file-detail .line.added").first().waitFor();
  await visit.end();
});

describe("a release is tried on top of the server's", () => {
  test("as the next one, in plan, check, matrix, lists and diff", async () => {
    const visit = await Visit.open(browser, page);
    const { page: tab } = visit;
    await tab.locator("#headline").waitFor();
    await visit.drop("main", edited("1.0.1"));
    expect(await tab.locator("#as").inputValue()).toBe("1.0.2");
    await tab.locator("#try").click();
    await tab.getByText("A device on 1.0.1 downloads 3.81 kB to get to 1.0.2 candidate").waitFor();
    expect(await visit.text("#source")).toMatch(/^This server 127\.0\.0\.1:\d+ with 1\.0\.2 candidate from the folder 1\.0\.1 · 3 releases · 2 images · 17 files/);
    expect(await visit.text("#layers")).toContain("Shown on top of this server's releases.");
    await tab.getByText("1.0.2 candidate, for devices on 1.0.1").waitFor();
    expect(await tab.locator("#to").innerText()).toContain("highest (1.0.2, candidate)");
    await tab.locator(".item", { hasText: "flash/main.py" }).click();
    await tab.locator("rp-file-detail .line.added", { hasText: "the next one" }).waitFor();
    await visit.shot("candidate");
    await tab.getByRole("tab", { name: "Matrix" }).click();
    await tab.getByRole("gridcell", { name: "1.0.1 to 1.0.2 (candidate): 3.81 kB, 3,808 B" }).waitFor();
    await tab.getByText("◆ is a candidate.").waitFor();
    await visit.shot("candidate-matrix");
    await tab.getByRole("tab", { name: "Manifest" }).click();
    await tab.getByText("The server does not have the candidates").waitFor();
    expect(await tab.locator("#compare").isDisabled()).toBe(true);
    await tab.getByRole("tab", { name: "Releases" }).click();
    expect(await visit.text("section[aria-labelledby=releases-title]")).toContain("1.0.2 candidate");
    // The server has keys, and says what it found of its own releases.
    expect(await visit.text("section[aria-labelledby=signed-title]")).toMatch(/^Signed \(4 of 5\).* 1\.0\.2 ✕ not valid there is no "1\.0\.2\.waybill"/);
    await tab.getByRole("tab", { name: "Check" }).click();
    expect(await tab.locator("#check-version").innerText()).toContain("1.0.2 (candidate)");

    // Alone, and on top again, without reading it anew.
    await tab.getByRole("tab", { name: "Plan" }).click();
    await tab.getByRole("button", { name: "Show it alone" }).click();
    await tab.getByText("Folder 1.0.1 as 1.0.2 · 1 release").waitFor();
    await tab.getByRole("button", { name: "Try it on top of this server's releases" }).click();
    await tab.getByText("A device on 1.0.1 downloads 3.81 kB to get to 1.0.2 candidate").waitFor();
    await tab.locator("#open-server").click();
    await tab.getByText("A device on 1.0.0 downloads 109 kB to get to 1.0.1").waitFor();
    expect(await tab.getByText("candidate").count()).toBe(0);
    await visit.end();
  });

  test("signed with the keys that the server has", async () => {
    const releases = new SignedReleases();
    const own = await serve(releases.copy("server"), "--signed-only");
    const staged = releases.copy("staging");
    cpSync(join(staged, "1.0.1"), join(staged, "1.0.2"), { recursive: true });
    appendFileSync(join(staged, "1.0.2/flash/main.py"), "print(2)\n");
    releases.sign(staged, "office", "1.0.2");
    remove(staged, "1.0.0", "1.0.1", "keys", "1.0.0.waybill", "1.0.0.waybill.sig", "1.0.1.waybill", "1.0.1.waybill.sig", "firmware_1.0.1.bin");
    const visit = await Visit.open(browser, `${own.url}_preview/`);
    const { page: tab } = visit;
    await visit.drop("main", staged);
    await tab.getByRole("button", { name: "Try it on top of this server's releases" }).click();
    await tab.getByText("A device on 1.0.1 downloads 18 B to get to 1.0.2 candidate").waitFor();
    expect(await visit.text("#signed")).toBe("✓ signed by office");
    await tab.getByRole("tab", { name: "Releases" }).click();
    const signed = await visit.text("section[aria-labelledby=signed-title]");
    for (const part of ["Signed (4 of 4)", "1.0.2 ✓ valid", "1.0.1 ✓ valid", "1.0.0 ✓ valid"]) expect(signed).toContain(part);
    await visit.end();
    await own.stop();
  });

  test("under a name of one's own, which is judged", async () => {
    const visit = await Visit.open(browser, page);
    const { page: tab } = visit;
    await visit.drop("main", edited("next"));
    await tab.locator("#as").fill("release-2.0.0");
    await tab.locator("#try").click();
    await tab.locator("#refused", { hasText: "name_near" }).waitFor();
    await tab.locator("#as").fill("2.0.0");
    await tab.keyboard.press("Enter");
    await tab.getByText("to get to 2.0.0 candidate").waitFor();
    await visit.end();
  });

  test("in place of the server's own, which another device has", async () => {
    const visit = await Visit.open(browser, page);
    const { page: tab } = visit;
    await visit.drop("main", edited("1.0.1"));
    await tab.locator("#as").fill("1.0.1");
    await tab.keyboard.press("Enter");
    await tab.getByText("in place of its 1.0.1").waitFor();
    await tab.getByText("to get to 1.0.1 candidate").waitFor();
    expect(await visit.text("#source")).toContain("2 releases");
    await visit.end();
  });

  test("below the highest, as the target", async () => {
    const visit = await Visit.open(browser, `${page}#from=1.0.0`);
    const { page: tab } = visit;
    await visit.drop("main", edited("1.0.0b"));
    expect(await tab.locator("#as").inputValue()).toBe("1.0.0b");
    await tab.locator("#try").click();
    await tab.getByText("to get to 1.0.0b candidate").waitFor();
    expect(await tab.locator("#to").inputValue()).toBe("1.0.0b");
    await visit.end();
  });

  test("edited and dropped again it is tried the same way, at once", async () => {
    const visit = await Visit.open(browser, page);
    const { page: tab } = visit;
    const path = edited("1.0.2");
    await visit.drop("main", path);
    await tab.locator("#try").click();
    await tab.getByText("A device on 1.0.1 downloads 3.81 kB to get to 1.0.2 candidate").waitFor();
    appendFileSync(join(path, "flash/main.py"), "print('and a second one')\n".repeat(10));
    await visit.drop("main", path);
    await tab.getByText("A device on 1.0.1 downloads 4.07 kB to get to 1.0.2 candidate").waitFor();
    await visit.end();
  });

  test("with its image, from a folder of releases", async () => {
    const root = join(scratch(), "staging");
    cpSync(edited("1.0.2"), join(root, "1.0.2"), { recursive: true });
    writeTree(root, { "firmware_1.0.2.bin": "the image of 1.0.2" });
    const visit = await Visit.open(browser, page);
    const { page: tab } = visit;
    await visit.drop("main", root);
    await tab.getByText("Folder staging · 1 release · 1 image").waitFor();
    await tab.getByRole("button", { name: "Try it on top of this server's releases" }).click();
    await tab.getByText("A device on 1.0.1 downloads 3.83 kB to get to 1.0.2 candidate").waitFor();
    expect(await visit.text("#flashed")).toBe("1.0.2 candidate 18 B");
    await visit.end();
  });

  test("an image by itself", async () => {
    const visit = await Visit.open(browser, `${page}#from=1.0.1&firmware=1.0.1`);
    const { page: tab } = visit;
    await tab.getByText("has nothing to do").waitFor();
    writeFileSync(join(folder, "firmware_1.0.2.bin"), "the image of 1.0.2");
    await visit.drop("main", join(folder, "firmware_1.0.2.bin"));
    await tab.locator("#try-image").click();
    await tab.getByText("A device on 1.0.1 downloads 18 B").waitFor();
    expect(await visit.text("#flashed")).toBe("1.0.2 candidate 18 B");
    await visit.end();
  });

  test("the check says what the server would say of it", async () => {
    const root = scratch();
    cpSync(EXAMPLES, root, { recursive: true });
    const next = edited("1.0.2");
    writeTree(next, { "flash/device.key": "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n" });
    const said = async (visit: Visit) => {
      await visit.page.locator("[data-code=secret_key]").waitFor();
      return (await visit.text("rp-findings-view section")).replace("1.0.2 candidate", "1.0.2");
    };
    const visit = await Visit.open(browser, page);
    await visit.drop("main", next);
    await visit.page.locator("#try").click();
    const tried = await said(visit);
    await visit.end();
    cpSync(next, join(root, "1.0.2"), { recursive: true });
    const after = await serve(root);
    const served = await Visit.open(browser, `${after.url}_preview/`);
    expect(await said(served)).toBe(tried);
    await served.end();
    await after.stop();
  });
});

test("where the server is gone, a release is tried on what it had", async () => {
  const near = await serve(EXAMPLES);
  const visit = await Visit.open(browser, `${near.url}_preview/`);
  const { page: tab } = visit;
  await tab.locator("#headline").waitFor();
  await visit.settled();
  await near.stop();
  await visit.drop("main", edited("1.0.2"));
  await tab.locator("#try").click();
  await tab.getByText("A device on 1.0.1 downloads 3.81 kB to get to 1.0.2 candidate").waitFor();
  await visit.end(/ERR_CONNECTION_REFUSED/);
});
