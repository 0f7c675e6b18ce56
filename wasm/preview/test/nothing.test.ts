// Why a device has nothing to do: which of the reasons it is.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { launch, Visit } from "./support/browser.js";
import { serve, type Server } from "./support/server.js";
import { scratch, writeTree } from "./support/tree.js";

let browser: Browser;
let servers: Record<"plain" | "images" | "protected", Server>;

const FILES = {
  "1.0.0/flash/main.py": "one",
  "1.0.1/flash/main.py": "two",
  "1.0.2/flash/main.py": "two",
  "1.0.3/flash/main.py": "three",
};

beforeAll(async () => {
  browser = await launch();
  const [plain, images, own] = await Promise.all([
    serve(writeTree(scratch(), FILES)),
    serve(writeTree(scratch(), { ...FILES, "firmware_1.0.1.bin": "image" })),
    serve(writeTree(scratch(), { "1.0.0/flash/config.py": "a", "1.0.1/flash/config.py": "b" }), "--protect", "config.py"),
  ]);
  servers = { plain, images, protected: own };
});

afterAll(async () => {
  await browser?.close();
  await Promise.all(Object.values(servers ?? {}).map((server) => server.stop()));
});

const NO_IMAGE = "Firmware: there is no image here.";

test.each([
  ["plain", "from=v1.0.3", "Files: it is on the highest release, 1.0.3, already."],
  ["plain", "from=1.0.3", "Files: it is on the highest release, 1.0.3, already."],
  ["plain", "from=1.0.2&to=1.0.2", "Files: it is on the target, 1.0.2, already."],
  ["plain", "from=2.0", "Files: its version is higher than the highest release, 1.0.3. To go back, choose a lower one as the target and allow a downgrade."],
  ["plain", "from=1.0.2&to=1.0.0", "Files: its version is higher than the target, 1.0.0. To go back, allow a downgrade."],
  ["plain", "from=1.0.2&to=1.0.1&downgrade=yes", "Files: 1.0.1 has the same as its 1.0.2."],
  ["plain", "from=1.0.1&to=1.0.2", "Files: 1.0.2 has the same as its 1.0.1."],
  ["protected", "from=1.0.0", "Files: 1.0.1 has the same as its 1.0.0, but for 1 protected file, which no plan touches."],
] as const)("on a %s server, %s", async (server, view, reason) => {
  const visit = await Visit.open(browser, `${servers[server].url}_preview/#${view}`);
  await visit.page.getByText("has nothing to do").waitFor();
  expect(await visit.page.locator("#why li").allInnerTexts()).toEqual([reason, NO_IMAGE, "The manifest is null."]);
  await visit.end();
});

test.each([
  ["from=2.0&firmware=1.0.1", "Firmware: the highest image, 1.0.1, is not newer than its 1.0.1."],
  ["from=2.0", "Firmware: the highest image, 1.0.1, is not newer than its 2.0."],
  ["from=1.0.0&to=1.0.0", "Firmware: a device whose files are up to date gets 1.0.1 only if it sends its firmware version, and it does not."],
])("on one with an image, %s", async (view, reason) => {
  const visit = await Visit.open(browser, `${servers.images.url}_preview/#${view}`);
  await visit.page.getByText("has nothing to do").waitFor();
  expect(await visit.page.locator("#why li").nth(1).innerText()).toBe(reason);
  // What it promises is so.
  if (reason.includes("only if")) {
    await visit.page.locator("#firmware").selectOption("1.0.1");
    await visit.page.getByText("is not newer than its 1.0.1").waitFor();
    await visit.page.locator("#firmware").selectOption({ label: "another version …" });
    await visit.page.locator("#firmware-typed").fill("1.0.0");
    await visit.page.keyboard.press("Enter");
    await visit.page.getByText("downloads 5 B").waitFor();
  }
  await visit.end();
});
