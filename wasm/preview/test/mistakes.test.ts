// What operators do wrong is visible at a glance: what names it is on the screen before one scrolls, in a window of 1280 × 800.

import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { zipSync, type Zippable } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { sight } from "./support/sight.js";
import { SignedReleases } from "./support/signed.js";
import { BROWSERS, type Tab } from "./support/tabs.js";
import { filesBelow, scratch } from "./support/tree.js";
import { cases } from "./support/vectors.js";
import { showing } from "./support/view.js";

type Files = Record<string, string | Uint8Array>;

const WINDOW = { width: 1280, height: 800 };
const KEY = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n";
const APP: Files = {
  "flash/boot.py": "import sys\n",
  "flash/main.py": "import app\napp.run()\n",
  "flash/lib/app.py": "def run():\n    pass\n",
  "flash/lib/net.py": "x = 1\n",
};
const { "flash/main.py": _, ...NO_MAIN } = APP;
const NEXT = { ...APP, "flash/lib/app.py": "def run():\n    return 1\n" };
const TABLE = (size: number) => ({ "flash/lib/table.py": `x = ${"1".repeat(size - 4)}` });

const below = (directory: string, files: Files): Files => Object.fromEntries(Object.entries(files).map(([path, content]) => [`${directory}/${path}`, content]));
const OLD = below("1.0.0", APP);
const GOOD = { ...OLD, ...below("1.0.1", NEXT) };
/** With one more file in the newest release. */
const plus = (path: string, content: string) => ({ ...GOOD, [`1.0.1/${path}`]: content });
const vector = (name: string) => cases("reported-content").find((one) => one.name === `reported-content-${name}`)!.files;

interface Mistake {
  what: string;
  files: Files | (() => Files);
  /** Symbolic links, with what they lead to. */
  links?: Record<string, string>;
  /** What the page is asked for, behind the `#` of its address. */
  view?: string;
  /** What is on the screen. */
  says: string[];
}

// With a number: those of the table of cases that the check was written for; what each should say is in `tests/vectors/check/reported-*.json`.
const MISTAKES: Mistake[] = [
  { what: "what was put aside is there still", files: { ...GOOD, ...below("1.0.1.bak", APP), ...below("1.0.2-broken", APP) }, says: ["1.0.1.bak", 'a name with "broken" is not a release; rename it to offer it again'] },
  { what: "directories that begin with a digit", files: { ...GOOD, "3rdparty/x.py": "", "2fa-docs/y.md": "" }, says: ["3rdparty", "2fa-docs", '"fa" follows its first number'] },
  { what: "names with a v and without", files: { ...OLD, ...below("v1.0.1", NEXT) }, says: ["v1.0.1 has a leading v and 1.0.0 has none", "name them all alike"] },
  { what: "a device that says v1.0.0", files: GOOD, view: "from=v1.0.0", says: ["✓ fine", "A device on v1.0.0 downloads 24 B to get to 1.0.1"] },
  { what: "a pre-release above its release", files: { ...below("v1.10.0", APP), ...below("v1.10.0rc1", NEXT) }, says: ["by its name it comes before v1.10.0, and it is ordered above it", "to get to v1.10.0rc1"] },
  { what: "rc11 above r6", files: { ...below("1.20.2.r6", APP), ...below("1.20.2.rc11", NEXT) }, says: ["by its name it comes before 1.20.2.r6, and it is ordered above it", "order versions by --scheme pep440"] },
  { what: "a letter for a number", files: { ...below("1.0.9", APP), ...below("1.0.O", NEXT) }, says: ["1.0.O", "a part of it is a letter where 1.0.9 has a number", "is it a typo?"] },
  { what: "one directory too many", files: { ...OLD, ...below("1.0.1/1.0.1", NEXT) }, says: ['no file of 1.0.0 remains: "1.0.1" is one directory too many', 'move what is in "1.0.1/1.0.1" up'] },
  { what: "no flash/", files: { ...OLD, "1.0.1/main.py": "x", "1.0.1/boot.py": "y" }, says: ['no file of 1.0.0 remains: "flash" is missing', 'move the files into "1.0.1/flash"'] },
  { what: "names that are nearly right", files: { ...GOOD, ...below("release-1.0.2", APP), "firmware-1.0.1.bin": "x" }, says: ['rename it to "1.0.2" if it is one', 'rename it to "firmware_1.0.1.bin" if it is an image'] },
  { what: "main.py is missing", files: { ...OLD, ...below("1.0.1", NO_MAIN) }, says: ['"flash/main.py" of 1.0.0 is deleted: the device would start without a program', "put it into the release"] },
  { what: "line ends of Windows", files: { ...OLD, ...below("1.0.1", Object.fromEntries(Object.entries(APP).map(([path, text]) => [path, String(text).replaceAll("\n", "\r\n")]))) }, says: ["4 files changed only in line ends since 1.0.0, now CRLF", "git: core.autocrlf"] },
  { what: "secrets", files: { ...plus("flash/cert/device.key", KEY), "1.0.1/flash/.env": "A=1\n", "1.0.1/flash/.git/config": "x" }, says: ["2 warnings", "1.0.1/flash/.env", "1.0.1/flash/cert/device.key", "it has a private key, which anyone who can download the release gets"] },
  { what: "a file that grew", files: { ...OLD, ...below("1.0.1", NEXT), ...below("1.0.0", TABLE(40_000)), ...below("1.0.1", TABLE(400_000)) }, says: ["1.0.1/flash/lib/table.py", "it grew from 40000 to 400000 bytes", "is that intended?"] },
  { what: "the release before once more", files: { ...OLD, ...below("1.0.1", APP) }, says: ["it has the same content as 1.0.0", "was the wrong directory copied?", "A device on 1.0.0 has nothing to do"] },
  { what: "an empty image", files: { ...GOOD, "firmware_1.1.0.bin": "" }, says: ["firmware_1.1.0.bin", "it has no bytes", "copy it again"] },
  { what: "an HTML page for an image", files: { ...GOOD, "firmware_1.1.0.bin": "<!doctype html><html><title>404</title></html>" }, says: ["an HTML page, not an image", "download the image itself"] },
  { what: "a pointer of Git LFS for an image", files: { ...GOOD, "firmware_1.1.0.bin": `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 3\n` }, says: ["a Git LFS pointer, not an image", "git lfs pull, then copy it again"] },
  { what: "an image of a whole flash", files: vector("whole-flash"), says: ["it is an image of a whole flash: boot loader, partition table and application", "deliver the application's image"] },
  { what: "main.mpy for main.py", files: vector("main-mpy"), says: ['MicroPython runs "flash/main.py" at its start, never "flash/main.mpy"'] },
  { what: "a directory that hides a module", files: { ...plus("flash/config/defaults.json", "{}"), "1.0.0/flash/config.py": "a = 1\n", "1.0.1/flash/config.py": "a = 1\n" }, says: ['the directory "flash/config" hides the module "flash/config.py": MicroPython imports a directory first'] },
  { what: "a file that becomes a directory", files: { ...plus("flash/config/app.json", "{}"), "1.0.0/flash/config": "a" }, says: ["✓ fine", "A device on 1.0.0 downloads 26 B to get to 1.0.1"] },
  { what: "a release was withdrawn while devices are on it", files: { ...GOOD, ...below("1.0.2", APP) }, view: "from=0.9.9", says: ['"0.9.9" is not here, so nothing will be deleted from devices on it', "keep releases as long as devices are on them"] },
  { what: "a stray link holds a release back", files: GOOD, links: { "1.0.0/flash/stray": "/etc/passwd" }, view: "from=1.0.0", says: ['"1.0.0" is held back, so nothing will be deleted from devices on it', "a symbolic link must lead to a file of its own release"] },
  { what: "1.0 for 1.0.0", files: GOOD, view: "from=1.0", says: ['"1.0" is not here', 'did you mean "1.0.0", "1.0.1"?'] },
  { what: "an empty directory", files: { ...GOOD, "1.0.1/flash/log/": "" }, says: ["1.0.1/flash/log", "a manifest carries files: no device gets this directory"] },

  { what: "a stray link in the newest", files: { ...GOOD, ...below("1.0.2", APP) }, links: { "1.0.2/flash/a.py": "/etc/passwd" }, says: ['"1.0.2" is newer and held back; 1.0.1 was checked instead', "until then devices get the one below"] },
  { what: "copied while a tool was at work", files: plus("flash/.net.py.Xa81Qz", "x"), says: ['"1.0.1" is newer and held back; 1.0.0 was checked instead', "a copy tool is not done with it"] },
  { what: "a merge that is not done", files: plus("flash/lib/net.py", "<<<<<<< a\nx = 1\n=======\nx = 2\n>>>>>>> b\n"), says: ["it has the marks of a merge with conflicts", "finish the merge"] },
  { what: "saved with a byte order mark", files: plus("flash/lib/net.py", "\ufeffx = 2\n"), says: ["it begins with a byte order mark", "save it as UTF-8 without a byte order mark"] },
  { what: "names that FAT takes for one", files: plus("flash/Main.py", "x = 2\n"), says: ['"1.0.1/flash/Main.py" and "1.0.1/flash/main.py" differ only in letter case'] },
  { what: "an image of another kind", files: { ...GOOD, "firmware_1.0.1.hex": ":00000001FF\n" }, says: ["no device takes a .hex image over the air", "deliver the .bin"] },
  { what: "a setting that is misspelt", files: { ...GOOD, "check.toml": "mount = ['flash']\n" }, says: ["check.toml", "mount: unknown field `mount`, expected one of `mounts`"] },
  { what: "a device that is ahead", files: GOOD, view: "from=2.0.0", says: ["A device on 2.0.0 has nothing to do", "its version is higher than the highest release, 1.0.1"] },
  { what: "not signed, where devices have keys", files: () => unsigned, says: ['there is no "1.0.1.waybill": devices with keys refuse it', "sign it: airwaybill sign"] },
  { what: "one release for all of them", files: APP, says: ["is the content of one release. What was open is still shown.", "Try it as release"] },
  { what: "the directory above", files: { ...below("ota", GOOD), "README.md": "" }, says: ["has no release, but ota/ in it has.", "Open ota/ inside it"] },
  { what: "something else altogether", files: { "year/beach.jpg": "", "index.html": "" }, says: ["has no release. Each is a directory named with its version, such as 1.0.0/."] },
];

/** Files that are no zip, given all the same. */
const OTHERS: [name: string, content: Uint8Array, says: string[]][] = [
  ["releases.tar.gz", Uint8Array.of(0x1f, 0x8b, 8, 0), ["releases.tar.gz is an archive, and no zip: unpack it"]],
  ["manifest.json", Buffer.from('\ufeff{"new": []}', "utf16le"), ["this is UTF-16, little-endian; a document is UTF-8 without a byte order mark"]],
];

const folder = scratch(tmpdir());
let server: Server;
let page: string;
let unsigned: Files;

/** What a person gives, and the name by which the page calls it. */
function given({ files, links = {} }: Mistake, name: string): string {
  const zip: Zippable = {};
  for (const [path, content] of Object.entries(typeof files === "function" ? files() : files)) zip[path] = typeof content === "string" ? Buffer.from(content) : content;
  for (const [path, target] of Object.entries(links)) zip[path] = [Buffer.from(target), { os: 3, attrs: 0o120777 << 16 }];
  writeFileSync(join(folder, name), zipSync(zip));
  return join(folder, name);
}

beforeAll(async () => {
  server = await serve(EXAMPLES);
  page = `${server.url}_preview/`;
  const root = new SignedReleases().copy("unsigned");
  rmSync(join(root, "1.0.1.waybill"));
  unsigned = filesBelow(root);
});

afterAll(() => server?.stop());

describe.each(BROWSERS)("at a glance in $name", ({ start }) => {
  let tab: Tab;

  beforeAll(async () => {
    tab = await start();
    await tab.open(page, WINDOW);
    await tab.text("#headline", "to get to 1.0.1");
  });

  afterAll(() => tab?.end(server.url));

  const inSight = async (says: readonly string[]) => {
    const seen: string[] = [];
    for (const words of says) seen.push(`${words}: ${await tab.value(sight(words))}`);
    expect(seen).toEqual(says.map((words) => `${words}: in sight`));
  };

  test.each(MISTAKES.map((mistake, index) => ({ ...mistake, name: `${index}.zip` })))("$what", async (mistake) => {
    await tab.pick("#zip", given(mistake, mistake.name));
    await inSight([mistake.name]);
    await tab.value(showing(mistake.view ?? ""));
    await inSight(mistake.says);
  });

  test.each(OTHERS)("%s", async (name, content, says) => {
    writeFileSync(join(folder, name), content);
    await tab.pick("#zip", join(folder, name));
    await inSight(says);
  });
});
