// The same in Firefox: the panel of the check, over zips and over a server's releases.

import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Firefox } from "./support/firefox.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { scratch, writeTree } from "./support/tree.js";
import { cases, hintsOf, signOf, verdictOf, zipped } from "./support/vectors.js";

const PANEL = "rp-findings-view >> section";
const FILES = {
  "1.0.0/flash/boot.py": "import app\n",
  "1.0.0/flash/main.py": "",
  "1.0.1/flash/boot.py": "import app\n",
  "1.0.1/flash/lib/a.py": "\0",
  "1.0.1/flash/device.key": "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n",
  "check.toml": "[[accept]]\ncode = 'start_missing'\npath = '*'\nreason = 'boot.py does it'\n",
};
const folder = scratch(tmpdir());

let servers: Server[];
let found: string;
let page: string;

beforeAll(async () => {
  servers = [await serve(writeTree(scratch(), FILES)), await serve(EXAMPLES)];
  [found, page] = servers.map(({ url }) => `${url}_preview/`) as [string, string];
});

afterAll(() => Promise.all((servers ?? []).map((server) => server.stop())));

describe.each(["light", "dark"] as const)("%s", (scheme) => {
  let firefox: Firefox;

  beforeAll(async () => {
    firefox = await Firefox.launch(scheme);
  });

  afterAll(() => firefox?.end(found));

  test.each([1280, 360])("what the server found, %i pixels wide", async (width) => {
    await firefox.renew();
    await firefox.open(found, { width, height: 900 });
    expect(await firefox.text("#verdict")).toMatch(/1 error, 1 warning$/);
    const said = await firefox.text(PANEL);
    for (const part of ["1.0.1, for devices on 1.0.0", "python_broken", "1.0.1/flash/device.key", "1 accepted in check.toml"]) {
      expect(said).toContain(part);
    }
    expect(said).not.toContain("boot.py does it");
    await firefox.click("#accepted summary");
    await firefox.text("#accepted", "boot.py does it");
    await firefox.click("[data-code=secret_key] summary");
    await firefox.text("[data-code=secret_key] rp-code-lines >> .all", 'path = "1.0.1/flash/device.key"');
    await firefox.shot(`findings-firefox-${scheme}-${width}`);
    await firefox.click("[data-code=secret_key] .show");
    await firefox.text("#only", "secret_key");
    const files = await firefox.text(".grid");
    expect(files).toMatch(/flash\/ ?device\.key/);
    expect(files).not.toContain("main.py");
  });
});

describe("the vectors of the check", () => {
  let firefox: Firefox;
  let served: number;

  beforeAll(async () => {
    firefox = await Firefox.launch();
    await firefox.open(page);
    await firefox.text("#verdict");
    served = firefox.requests.length;
  });

  afterAll(async () => {
    const fetched = firefox.requests.slice(served).filter((url) => /^http/.test(url) && (!url.startsWith(page) || url.endsWith("listing.json")));
    await firefox.end(page);
    expect(fetched, "nothing is asked of the server either").toEqual([]);
  });

  test.each(cases("reported-content", "reported-names"))("$name, as a zip", async (one) => {
    const path = join(folder, `${one.name}.zip`);
    writeFileSync(path, zipped(one));
    await firefox.pick("#zip", path);
    await firefox.text("#source", `${one.name}.zip`);
    await firefox.show(one.view);
    expect(await firefox.text("[aria-busy=false] #verdict", verdictOf(one.findings))).toBe(
      `${signOf(one.findings)} ${verdictOf(one.findings)}`,
    );
    const hints = hintsOf(one.findings);
    if (hints !== null) {
      expect(await firefox.text("#hints > summary")).toContain(`${hints}: `);
      if (await firefox.has("#hints:not([open])")) await firefox.click("#hints > summary");
    }
    const said = await firefox.text(PANEL);
    for (const { level, code, path, message, advice } of one.findings) {
      for (const part of [level, code, path, message, advice]) expect(said).toContain(part.replace(/\s+/g, " "));
    }
  });
});
