// A file that is clicked, and the matrix, in both browsers.

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { sight } from "./support/sight.js";
import { BROWSERS, type Tab } from "./support/tabs.js";
import { scratch, writeTree } from "./support/tree.js";

const SIZES = { "flash/main.py": "3,786 B", "sd/asset_that_will_be_removed.wav": "4,044 B" };
const LONG = Array.from({ length: 40 }, (_, index) => `1.${index}.0`);

let server: Server;
let many: Server;

beforeAll(async () => {
  const files = LONG.map((version, index) => [`${version}/flash/main.py`, "x".repeat(100 + index)]);
  const images = { "firmware_1.38.0.bin": "an image", "firmware_1.39.0.bin": "a larger image" };
  [server, many] = await Promise.all([serve(EXAMPLES), serve(writeTree(scratch(), { ...Object.fromEntries(files), ...images }))]);
});

afterAll(() => Promise.all([server?.stop(), many?.stop()]));

describe.each(BROWSERS)("in $name", ({ start }) => {
  let tab: Tab;

  beforeAll(async () => {
    tab = await start();
    await tab.open("about:blank"); // the first tab of a Firefox without a screen has no focus to give back
  });

  afterAll(() => tab?.end(server.url, many.url));

  const rowOf = async (path: string) => {
    await tab.text(".grid", path.split("/").at(-1)!);
    return tab.value(`[...find(".grid").querySelectorAll(".item")].find((row) => row.textContent.includes(${JSON.stringify(path.split("/").at(-1))})).id`);
  };
  const focused = () =>
    tab.value(`(() => {
      let found = document.activeElement;
      while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
      return found?.getAttribute("role") ?? found?.id ?? "";
    })()`);

  test.each([[360, 740], [1280, 800], [1920, 1080]] as const)("a file opens where one looks, at %i x %i", async (width, height) => {
    await tab.open(`${server.url}_preview/`, { width, height });
    await tab.text("#verdict");
    let address = "";
    for (const [path, size] of Object.entries(SIZES)) {
      const row = await rowOf(path);
      await tab.click(`#${row}`);
      // It is announced, its sizes are in sight, and the row is not covered.
      expect(await tab.value(`new Promise((resolve) => {
        const look = () => (find("#file-opened")?.textContent.includes(${JSON.stringify(path)}) ? resolve(find("#file-opened").textContent) : setTimeout(look, 20));
        look();
      })`)).toMatch(/ is open after the list.*Escape closes it\.$/);
      expect(await tab.value(sight(size)), path).toBe("in sight");
      expect(await tab.value(sight(path.split("/").at(-1)!)), path).toBe("in sight");
      expect(await focused(), "focus stays in the list, where the arrow keys are").toBe("grid");
      await tab.shot(`file-${width}`);
      address = await tab.value("location.href");
      await tab.press("Escape");
      await expect.poll(() => tab.has("rp-file-detail >> h2")).toBe(false);
    }
    // From the list, from a field far from it, and from what goes with it.
    for (const place of [".grid", "#filter", "#close"]) {
      await tab.click(`#${await rowOf("flash/main.py")}`);
      await tab.text("rp-file-detail >> h2", "flash/main.py");
      await tab.value(`(find("${place}").focus(), "")`);
      await tab.press("Escape");
      await expect.poll(() => tab.has("rp-file-detail >> h2")).toBe(false);
    }
    await expect.poll(focused, { message: "focus returns to the list" }).toBe("grid");
    await tab.open(address, { width, height });
    await tab.text("rp-file-detail >> h2", "asset_that_will_be_removed.wav");
  });

  test("the matrix: the newest first and always in sight, with firmware or without, as bytes or as time, coloured by rank", async () => {
    await tab.open(`${many.url}_preview/#tab=matrix&from=1.0.0`);
    const newest = ".column.newest";
    await tab.text(newest, "1.39.0");
    const [scroller, before] = [await tab.box("rp-matrix-view >> .scroller"), await tab.box(newest)];
    expect(before.x - scroller.x, "the first column").toBeLessThan(200);
    await tab.value(`(find("rp-matrix-view >> .scroller").scrollTo(2000, 0), "")`);
    await tab.text("rp-matrix-view >> .scroller", "1.20.0");
    expect((await tab.box(newest)).x, "it stays there").toBeCloseTo(before.x, 0);
    await tab.value(`(find("rp-matrix-view >> .scroller").scrollTo(0, 0), "")`);

    // 139 bytes of main.py, and 14 of the image.
    await tab.text("#cell-1-0", "153 B");
    await tab.text("rp-matrix-view >> .legend", "114 B");
    const heat = (cell: string) => tab.value(`/(\\d+)%/.exec(find("${cell}").getAttribute("style"))[1]`);
    // 630 of the 820 downloads are no larger than those to 1.34.0.
    expect([await heat("#cell-1-0"), await heat("#cell-1-5")]).toEqual(["100", "77"]);
    await tab.click("#with-images");
    await tab.text("#cell-1-0", "139 B");
    await tab.text("rp-matrix-view >> .about", "Firmware is left out, as for devices that have 1.39.0.");
    await tab.click("#as-time");
    await tab.text("#cell-1-0", "s");
    await tab.shot("matrix-time");
    await tab.click("#as-time");
    await tab.click("#cell-1-0");
    await tab.text("#headline", "downloads 139 B to get to 1.39.0");
  });
});
