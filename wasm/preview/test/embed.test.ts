// In other pages: the packed package in one that Vite builds, the server's component in a plain one of another origin, and a frame.

import { cpSync, readFileSync } from "node:fs";

import type { CustomElementDeclaration, Package } from "custom-elements-manifest/schema.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { violations } from "./support/axe.js";
import { bundled, documented, host, install, INSTALLED, PROJECT, styles, tool, type Page } from "./support/embedding.js";
import { EXAMPLES } from "./support/places.js";
import { serve, type Server } from "./support/server.js";
import { BROWSERS, type Tab } from "./support/tabs.js";
import { scratch, writeTree } from "./support/tree.js";

const PLAN = "A device on 1.0.0 downloads 109 kB to get to 1.0.1";
/** Of a page with the package in it: its servers are on this machine. */
const OWN_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self' http://127.0.0.1:*; img-src data:";
const pages = new Map<string, Page>();

let tools: Awaited<ReturnType<typeof host>>;
let server: Server;
/** One that lets nobody embed it. */
let closed: Server;
/** The addresses of all of them. */
const servers: string[] = [];

/** A page as the README has it, under the policy that it names. */
function plain({ url }: Server): Page {
  const origin = new URL(url).origin;
  const policy = `default-src 'none'; script-src ${origin} 'wasm-unsafe-eval'; worker-src blob: ${origin}; connect-src ${origin}; img-src data:`;
  const html = `<!doctype html><html lang="en"><title>Plain</title><link rel="icon" href="data:,"><main><h1>Plain</h1>
    <release-preview server="${url}" heading-level="2"></release-preview></main>
    <script type="module" src="${url}_preview/release-preview.js"></script></html>`;
  return { html, policy };
}

function frame({ url }: Server): Page {
  const policy = `default-src 'none'; frame-src ${new URL(url).origin}; style-src 'unsafe-inline'; img-src data:`;
  const html = `<!doctype html><html lang="en"><title>Frame</title><link rel="icon" href="data:,">
    <iframe src="${url}_preview/" title="Releases" style="width: 100%; height: 700px"></iframe></html>`;
  return { html, policy };
}

beforeAll(async () => {
  install();
  tool("vite", PROJECT, "build");
  tools = await host(pages, `${PROJECT}/dist`, OWN_POLICY);
  [server, closed] = await Promise.all([serve(EXAMPLES, "--embed-origin", tools.origin), serve(EXAMPLES)]);
  servers.push(server.url, closed.url);
  for (const [name, one] of [["", server], ["closed-", closed]] as const) {
    pages.set(`${name}plain`, plain(one));
    pages.set(`${name}frame`, frame(one));
  }
  const { html, policy } = plain(server);
  pages.set("without-blob", { html, policy: policy.replace("worker-src blob:", "worker-src") });
});

afterAll(async () => {
  tools?.end();
  await Promise.all([server, closed].map((one) => one?.stop()));
});

test.each([
  ["webpack", ["webpack ./src/main.js --mode production"]],
  ["esbuild", [documented("esbuild src/main.js"), documented("cp node_modules/airwaybill-preview/dist/")]],
])("a page that %s builds shows a plan", async (name, commands) => {
  const own = await host(new Map(), bundled(name, commands), OWN_POLICY);
  const [tab, embedding] = await Promise.all([BROWSERS[0]!.start(), serve(EXAMPLES, "--embed-origin", own.origin)]);
  try {
    await tab.open(`${own.origin}/index.html?server=${encodeURIComponent(embedding.url)}`);
    await tab.text("#headline", PLAN);
  } finally {
    own.end();
    await Promise.all([tab.end(own.origin, embedding.url), embedding.stop()]);
  }
});

describe.each(BROWSERS)("$name", ({ start }) => {
  let tab: Tab;

  beforeAll(async () => {
    tab = await start();
  });

  afterAll(async () => {
    tab?.complaints.splice(0); // what a browser says of a server that refuses is meant: each other test asks by itself
    await tab?.end(tools.origin, ...servers);
  });

  beforeEach(() => void tab.complaints.splice(0));

  const levels = () => tab.value(`(() => {
    const all = (root) => [...root.querySelectorAll("*")].flatMap((element) => [element, ...(element.shadowRoot ? all(element.shadowRoot) : [])]);
    const headings = all(document).filter(({ localName }) => /^h\\d$/.test(localName));
    return headings.map((heading) => (heading.getAttribute("aria-level") ?? heading.localName) + " " + heading.innerText.split("\\n")[0]).join("\\n");
  })()`);
  const said = async (id: string, part: string) => JSON.parse(await tab.text(`#${id}`, part)) as unknown;

  test("a page that Vite builds shows a plan with the package", async () => {
    await tab.open(`${tools.origin}/index.html?server=${encodeURIComponent(server.url)}`);
    await tab.text("#headline", PLAN);
    expect(await said("source", "kind")).toEqual({
      kind: "server",
      name: new URL(server.url).host,
      releases: ["1.0.0", "1.0.1"],
      firmware: ["firmware_1.0.0.bin", "firmware_1.0.1.bin"],
      candidates: [],
    });
    const plan = { from: "1.0.0", to: "1.0.1", counts: { delete: 1, new: 1, update: 2, same: 2, protected: 0 } };
    expect(await said("plan", "download")).toMatchObject({ ...plan, firmware: { version: "1.0.1", path: "firmware_1.0.1.bin" } });
    expect(await tab.text("[role=tablist]", "Matrix")).toBe("Plan Matrix");
    expect((await levels()).split("\n").slice(0, 3)).toEqual(["h1 Fleet", "2 Release preview", expect.stringMatching(/^3 /)]);
    expect(await violations(tab.value)).toBe("");
    await tab.click("#tab-matrix");
    await tab.text("#cell-1-0", "109 kB");
    expect(await tab.value("document.title")).toContain("step: Matrix");
    await tab.click("#matrix-alone");
    await tab.text("#cell-1-0", "109 kB");
    expect(await tab.has("[role=tablist]")).toBe(false);
    expect(await violations(tab.value)).toBe("");
    await tab.shot("embedded");
    expect(tab.complaints).toEqual([]);
  });

  test("the element has what its manifest says", async () => {
    await tab.open(`${tools.origin}/index.html?server=${encodeURIComponent(server.url)}`);
    await tab.text("#headline", PLAN);
    const { modules } = JSON.parse(readFileSync(`${INSTALLED}/custom-elements.json`, "utf8")) as Package;
    const [said] = modules[0]!.declarations as CustomElementDeclaration[];
    const names = (list: readonly { name: string }[] | undefined) => list!.map(({ name }) => name).sort();
    const found = JSON.parse(
      await tab.value(`(() => {
        const preview = document.querySelector("release-preview");
        const parts = [...preview.shadowRoot.querySelectorAll("[part]")].flatMap(({ part }) => [...part]);
        const style = getComputedStyle(preview);
        return JSON.stringify({
          attributes: customElements.get("release-preview").observedAttributes.sort(),
          members: ${JSON.stringify(names(said!.members))}.filter((name) => name in preview),
          parts: [...new Set(parts)].sort(),
          properties: ${JSON.stringify(names(said!.cssProperties))}.filter((name) => style.getPropertyValue(name) !== ""),
        });
      })()`),
    );
    const { attributes, members, cssParts, cssProperties } = said!;
    expect(found).toEqual({ attributes: names(attributes), members: names(members), parts: names(cssParts), properties: names(cssProperties) });
  });

  test("the page opens what it has itself", async () => {
    await tab.open(`${tools.origin}/index.html`);
    await tab.text("h2", "Drop a folder of releases here");
    expect(await said("error", "2")).toBe(2);
    await tab.click("#given-files");
    await tab.text("#headline", "A device on 2.0.0 downloads 21 B to get to 2.0.1");
    const files = { kind: "folder", name: "made here", releases: ["2.0.0", "2.0.1"], firmware: [], candidates: [] };
    expect(await said("source", "made here")).toEqual(files);
    await tab.click("#given-listing");
    await tab.text("#headline", "A device on 2.0.0 downloads 21 B");
    await tab.text("#layers", "Shown without the listed releases.");
    await tab.click("#layers button");
    expect(await said("source", "candidates\":[\"2")).toMatchObject({ kind: "listing", candidates: ["2.0.0", "2.0.1"] });
    await tab.text("#layers", "Shown on top of the listed releases.");
    await tab.click("#open-server");
    await tab.text("#headline", "A device on 3.0.0 downloads 112 B to get to 3.0.1");
    expect(await said("source", "listing")).toMatchObject({ kind: "listing", releases: ["3.0.0", "3.0.1"], firmware: ["firmware_3.0.1.bin"], candidates: [] });
    expect(await said("plan", "3.0.1")).toMatchObject({ from: "3.0.0", to: "3.0.1", download: 112 });
    expect(await tab.text("#source.what", "Listing")).toContain("2 releases · 1 image · 3 files");
    await tab.value(`((document.querySelector("release-preview").listing = { releases: [] }), "")`);
    await tab.text("[role=alert]", "expected an object with a list, entries, as /_preview/listing.json has it");
    await tab.text("#headline", "to get to 3.0.1");
    await tab.click("#given-nothing");
    expect(await said("error", "open")).toBe("TypeError: open: expected a File, a handle of a file or a directory, or a list of File objects or of objects with path and file");
    expect(tab.complaints).toEqual([]);
  });

  test("a plain page of another origin shows a plan with the server's component", async () => {
    await tab.open(`${tools.origin}/plain`);
    await tab.text("#headline", PLAN);
    expect((await levels()).split("\n").slice(0, 2)).toEqual(["h1 Plain", "2 Release preview"]);
    await tab.click("#tab-manifest");
    await tab.click("#compare");
    await tab.text("#compared", "The same, byte for byte.");
    await tab.value(`(document.querySelector("release-preview").view = "from=1.0.0&file=flash%2Fmain.py")`);
    await tab.text(".line.added", "+");
    // Releases that the page has asked for itself: their files are still the server's.
    const listing = `fetch(${JSON.stringify(`${server.url}_preview/listing.json`)}).then((response) => response.json())`;
    await tab.value(`${listing}.then((listing) => Object.assign(document.querySelector("release-preview"), { listing })).then(() => "")`);
    await tab.text("#source", `Listing ${new URL(server.url).host} · 2 releases`);
    await tab.value(`(document.querySelector("release-preview").view = "from=1.0.0&file=flash%2Flib%2Fnew_lib.py")`);
    await tab.text("rp-file-detail >> h2", "new_lib.py");
    await tab.text(".line.added", "+");
    await tab.value(`((document.querySelector("release-preview").listing = null), "")`);
    await tab.text("#source", "This server");
    await tab.value(`document.querySelector("release-preview").open([new File(["print()\\n"], "firmware_1.0.2.bin")]).then(() => "")`);
    await tab.text("#refused", "has a firmware image, and no release.");
    await tab.click("#try-image");
    // Hashed by workers of the page, and on top of the server's.
    await tab.text("#layers", "Shown on top of this server's releases.");
    await tab.text("#source", "with firmware_1.0.2.bin candidate");
    expect(await violations(tab.value)).toBe("");
    expect(tab.complaints).toEqual([]);
  });

  test("the page's styles reach the parts and the colours, as the README has it", async () => {
    await tab.open(`${tools.origin}/plain`);
    await tab.text("#headline", PLAN);
    await tab.value(`(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(${JSON.stringify(styles())});
      document.adoptedStyleSheets = [sheet];
      return "";
    })()`);
    const style = (part: string, name: string) =>
      tab.value(`getComputedStyle(document.querySelector("release-preview").shadowRoot.querySelector("[part~=${part}]")).${name}`);
    expect(await style("tab-selected", "borderBottomColor")).toBe(await style("tab-selected", "color"));
    expect(await style("preview", `getPropertyValue("--accent")`)).toBe("#7a1fa2");
  });

  test("the server's own index.html is at /, and the page where it was", async () => {
    const own = await serve(writeTree(scratch(), { "1.0.0/flash/main.py": "print()\n", "index.html": "<!doctype html><title>Fleet</title><h1>Our fleet</h1>" }), "--serve-other");
    servers.push(own.url);
    await tab.open(own.url);
    await tab.text("h1", "Our fleet");
    await tab.open(`${own.url}_preview/`);
    await tab.text("#headline", "to get to 1.0.0");
    await tab.open("about:blank"); // or the page would say that its server is gone
    await own.stop();
  });

  test("where the page's policy forbids the worker, that is said", async () => {
    await tab.open(`${tools.origin}/without-blob`);
    await tab.text("[role=alert]", "the engine did not start");
  });

  test("a page of another origin hears that the releases have changed", async () => {
    const root = scratch();
    cpSync(EXAMPLES, root, { recursive: true });
    const own = await serve(root, "--embed-origin", tools.origin);
    servers.push(own.url);
    pages.set("own", plain(own));
    await tab.open(`${tools.origin}/own`);
    await tab.text("#headline", PLAN);
    writeTree(root, { "1.0.2/flash/main.py": "print()\n" });
    await tab.text("#stale", "The releases on the server have changed since they were read.");
    expect(tab.complaints).toEqual([]);
    await own.stop();
  });

  test("a frame of another origin shows a plan", async () => {
    await tab.open(`${tools.origin}/frame`);
    await tab.enter();
    await tab.text("#headline", PLAN);
    expect(tab.complaints).toEqual([]);
  });

  test("a server that was not told of the origin gives its pages nothing", async () => {
    await tab.open(`${tools.origin}/closed-plain`);
    expect(await tab.value(`import(${JSON.stringify(`${closed.url}_preview/release-preview.js`)}).then(() => "loaded", () => "refused")`)).toBe("refused");
    expect(await tab.value(`String(customElements.get("release-preview"))`)).toBe("undefined");
    await tab.open(`${tools.origin}/index.html?server=${encodeURIComponent(closed.url)}`);
    await tab.text("[role=alert]", "the server does not respond");
    await tab.open(`${tools.origin}/closed-frame`);
    await tab.enter();
    expect(await tab.has("release-preview")).toBe(false);
  });
});
