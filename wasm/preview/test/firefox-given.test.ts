// The same in Firefox: what is given, a candidate, links, Back and Forward, what is fresh, why there is nothing to do.

import { cpSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Firefox } from "./support/firefox.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { filesBelow, scratch, writeTree } from "./support/tree.js";

const folder = scratch(tmpdir());
const REFUSED = "rp-refusal-view >> .notice";
let server: Server;
let page: string;
/** The addresses of all of them. */
const servers: string[] = [];

/** A zip of that name; gives its path. */
function zip(name: string, files: Record<string, Uint8Array | string>): string {
  const content = Object.entries(files).map(([path, text]) => [path, typeof text === "string" ? new TextEncoder().encode(text) : text]);
  writeFileSync(join(folder, name), zipSync(Object.fromEntries(content)));
  return join(folder, name);
}

/** The example release 1.0.1 with one more line. */
function next(): string {
  const files = filesBelow(join(EXAMPLES, "1.0.1"));
  return zip("next.zip", { ...files, "flash/main.py": Buffer.concat([files["flash/main.py"]!, Buffer.from("print('the next one')\n")]) });
}

beforeAll(async () => {
  server = await serve(EXAMPLES);
  page = `${server.url}_preview/`;
  servers.push(server.url);
});

afterAll(() => server?.stop());

describe.each(["light", "dark"] as const)("%s", (scheme) => {
  let firefox: Firefox;

  beforeAll(async () => {
    firefox = await Firefox.launch(scheme);
  });

  afterAll(() => firefox?.end(server.url));

  test.each([1280, 360])("a release that is given is tried on top of the server's, %i pixels wide", async (width) => {
    await firefox.renew();
    await firefox.open(page, { width, height: 800 });
    await firefox.text("#headline", "A device on 1.0.0 downloads 109 kB to get to 1.0.1");
    expect(await firefox.text("#private")).toContain("Nothing leaves this browser, also where it asks whether to “upload” files.");
    await firefox.pick("#zip", next());
    expect(await firefox.text(REFUSED, "next.zip")).toContain("the zip next.zip is the content of one release. What was open is still shown.");
    expect(await firefox.text("#source")).toContain("This server");
    await firefox.shot(`given-firefox-${scheme}-${width}`);
    await firefox.type("#as", "1.0.2");
    await firefox.text("#headline", "A device on 1.0.1 downloads 3.81 kB to get to 1.0.2 candidate");
    expect(await firefox.text("#source")).toContain("with 1.0.2 candidate from the zip next.zip · 3 releases");
    await firefox.text("rp-findings-view >> header", "1.0.2 candidate, for devices on 1.0.1");
    await firefox.shot(`candidate-firefox-${scheme}-${width}`);
    await firefox.click("#tab-matrix");
    await firefox.text("rp-matrix-view >> .about", "◆ is a candidate.");
    await firefox.text("#cell-2-0", "3.81 kB");
    await firefox.shot(`candidate-matrix-firefox-${scheme}-${width}`);
    await firefox.click("#layers button");
    await firefox.text("#source", "Zip next.zip as 1.0.2 · 1 release");
  });
});

describe("in one Firefox", () => {
  let firefox: Firefox;

  beforeAll(async () => {
    firefox = await Firefox.launch();
  });

  afterAll(() => firefox?.end(...servers));

  /** The address of the page of a server that is this test's own. */
  const pageOf = ({ url }: Server) => (servers.push(url), `${url}_preview/`);

  test("what has no release is not opened, and what is inside it is one click away", async () => {
    await firefox.renew();
    await firefox.open(page);
    await firefox.text("#headline", "to get to 1.0.1");
    const files = Object.entries(filesBelow(EXAMPLES)).map(([path, content]) => [`ota/releases/${path}`, content]);
    await firefox.pick("#zip", zip("project.zip", { ...Object.fromEntries(files), "readme.md": "" }));
    await firefox.text(REFUSED, "has no release, but ota/releases/ in it has.");
    await firefox.click(".inside");
    await firefox.text("#source", "Zip project.zip ota/releases/ · 2 releases · 2 images · 12 files");
    await firefox.text("#headline", "A device on 1.0.0 downloads 109 kB to get to 1.0.1");
    writeFileSync(join(folder, "releases.tar.gz"), new Uint8Array([0x1f, 0x8b, 8, 0]));
    await firefox.pick("#zip", join(folder, "releases.tar.gz"));
    await firefox.text("[role=alert]", "releases.tar.gz is an archive, and no zip: unpack it");
    writeFileSync(join(folder, "manifest.json"), await (await fetch(`${server.url}manifest.json?current_ver=1.0.0`)).text());
    await firefox.pick("#zip", join(folder, "manifest.json"));
    await firefox.text("#manifest-name", "Manifest: manifest.json");
    await firefox.click("#check-own");
    await firefox.text("#check-result", "Everything matches.");
  });

  test("a link asks for its zip; Back and Forward go through the views, and the title says which", async () => {
    const host = new URL(page).host;
    const archive = zip("van.zip", { "7.0.0/flash/main.py": "old", "7.0.1/flash/main.py": "newer" });
    await firefox.renew();
    await firefox.open(page);
    await firefox.titled(`Plan 1.0.0 → 1.0.1 · ${host} · airwaybill`);
    await firefox.click("#tab-releases");
    await firefox.titled(`Releases · ${host} · airwaybill`);
    await firefox.pick("#zip", archive);
    await firefox.titled("Releases · van.zip · airwaybill");
    await firefox.click("#tab-plan");
    const address = await firefox.titled("Plan 7.0.0 → 7.0.1 · van.zip · airwaybill");
    await firefox.go(-1);
    await firefox.titled("Releases · van.zip · airwaybill");
    await firefox.go(-1);
    await firefox.titled(`Releases · ${host} · airwaybill`);
    await firefox.text("#source", "This server");
    await firefox.go(-1);
    await firefox.titled(`Plan 1.0.0 → 1.0.1 · ${host} · airwaybill`);
    await firefox.go(3);
    await firefox.titled("Plan 7.0.0 → 7.0.1 · van.zip · airwaybill");
    await firefox.text("#headline", "A device on 7.0.0 downloads 5 B to get to 7.0.1");

    await firefox.renew();
    await firefox.open(address);
    await firefox.text("#wanted", "This link shows the zip van.zip");
    expect(await firefox.has("rp-plan-view")).toBe(false);
    await firefox.shot("wanted-firefox");
    await firefox.pick("#zip", archive);
    await firefox.text("#headline", "A device on 7.0.0 downloads 5 B to get to 7.0.1");
  });

  test("a new release on the server is announced while one looks on", async () => {
    const root = scratch();
    cpSync(EXAMPLES, root, { recursive: true });
    const own = await serve(root);
    await firefox.renew();
    await firefox.open(pageOf(own));
    await firefox.text("#headline", "to get to 1.0.1");
    writeTree(root, { "1.0.2/flash/main.py": "print()\n" });
    await firefox.text("#stale", "The releases on the server have changed since they were read.");
    // For a few bytes each time.
    await expect.poll(() => firefox.answers, { timeout: 20_000 }).toContain(`304 ${own.url}_preview/listing.json`);
    await firefox.click("#stale button");
    await firefox.text("#headline", "to get to 1.0.2");
    await firefox.renew(); // or the page would say that its server is gone
    await own.stop();
  });

  test("what is being copied is named", async () => {
    const own = await serve(EXAMPLES, "--settle", "1000000000");
    await firefox.renew();
    await firefox.open(pageOf(own));
    await firefox.text("#copying", "Being copied: 1.0.0, 1.0.1, firmware_1.0.0.bin, firmware_1.0.1.bin. 12 files");
    await firefox.shot("copying-firefox");
    await firefox.renew(); // or the page would say that its server is gone
    await own.stop();
  });

  test("a picker that chooses files where a folder was asked for is found out, and a zip offered", async () => {
    await firefox.renew();
    await firefox.open(page);
    await firefox.text("#headline", "to get to 1.0.1");
    // As on a phone.
    await firefox.pick("#folder", join(EXAMPLES, "1.0.1/flash/main.py"));
    await firefox.text("#no-folder", "It cannot choose folders: pack the folder as a zip, and choose that.");
    expect(await firefox.has("#open-folder")).toBe(false);
    expect(await firefox.text("#source"), "what was open stays").toContain("This server");
  });

  test("nothing to do has its reason", async () => {
    await firefox.renew();
    await firefox.open(`${page}#from=1.0.1`);
    await firefox.text("#headline", "A device on 1.0.1 has nothing to do");
    const said = await firefox.text("#why");
    expect(said).toContain("Files: it is on the highest release, 1.0.1, already.");
    expect(said).toContain("Firmware: the highest image, 1.0.1, is not newer than its 1.0.1.");
    await firefox.shot("nothing-firefox");
  });
});
