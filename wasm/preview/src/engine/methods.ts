// The worker's answers to what the page asks.

import { hashFiles } from "airwaybill";
import { init } from "airwaybill/manual";

import { contentAnswer, deviceAnswer, deviceListing, summedAnswer } from "./verify.js";
import { kindOf } from "./file.js";
import { difference } from "./lines.js";
import { matrix } from "./matrix.js";
import { loadReports } from "./report.js";
import type { CompareAnswer, Event, Methods, PlanRequest, Render } from "./protocol.js";
import { request } from "./request.js";
import { Session } from "./session.js";
import type { Modules } from "./start.js";

const tell = (event: Event) => (self as unknown as { postMessage(message: unknown): void }).postMessage(event);
const session = new Session(tell);
let matrices = 0;
let checks = 0;

type Answers = { [Name in keyof Methods]: (...args: Parameters<Methods[Name]>) => ReturnType<Methods[Name]> | Promise<ReturnType<Methods[Name]>> };

export const generation = () => session.generation;

/** When the engine can be asked. */
export let started: Promise<void>;

export function start({ engine, hashing }: Modules): void {
  started = init(engine, { worker: hashing });
}

/** Loads what hashing and a report need while the server is still near: the van may be out of its reach later. */
export function foresee({ reporting }: Modules): void {
  void hashFiles([{ path: "1/nothing", file: new Blob(["nothing"]) }], { concurrency: 1 })
    .then(() => loadReports(reporting))
    .catch(() => undefined); // who needs them tries again, and says why
}

export const methods: Answers = {
  openServer: (published, scheme) => session.openServer(published, scheme, started),
  addFiles: (files) => session.add(files),
  openFolder: (name, wish, around) => session.openFolder(name, wish, around),
  async openFile(file, wish, around) {
    if (session.reads(file.name)) return session.openFiles(file.name, [{ path: file.name, file }], wish, around);
    return (await kindOf(file)) === "zip" ? session.openZip(file, wish, around) : null;
  },
  openAgain: (given, wish, around) => session.openAgain(given, wish, around),
  choose: (scheme) => session.choose(scheme),
  cancel: () => session.cancel(),
  plan: (plan) => session.plan(plan),
  manifest: (plan, render) => session.manifest(plan, render),
  file: (plan, path, ignoresSpace) => session.file(plan, path, ignoresSpace),
  findings(target, from) {
    const turn = ++checks;
    const { generation } = session;
    return session.findings({ target, from, isWanted: () => turn === checks && generation === session.generation });
  },
  report: (format, plan, baseUrl) => session.report(format, plan, baseUrl),
  compare,
  look: (listing) => session.look(listing),
  async matrix(key, base, load) {
    const turn = ++matrices;
    const { generation } = session;
    await matrix(
      session.catalog,
      base,
      { hasPatches: session.hasPatches, load },
      (rows, done) => tell({ event: "matrix", key, rows, done }),
      () => turn === matrices && generation === session.generation,
    );
  },
  async verifyContent(manifest, own) {
    return contentAnswer(manifest, own ? session.entries : await session.hash());
  },
  async verifyDevice(version, listing) {
    const found = listing === null ? { entries: await session.hash() } : await deviceListing(listing);
    if ("sums" in found) return summedAnswer(session.catalog, version, await session.summed(version, found.sums));
    return deviceAnswer(session.catalog, version, found.entries);
  },
};

async function compare(plan: PlanRequest, render: Render, server: string): Promise<CompareAnswer> {
  const url = new URL("manifest.json", server);
  if (plan.current != null) url.searchParams.set("current_ver", plan.current);
  if (plan.firmwareVersion != null) url.searchParams.set("firmware_ver", plan.firmwareVersion);
  if (render.format !== 1) url.searchParams.set("format", String(render.format));
  const { text } = session.manifest(plan, render);
  const response = await request(url.href);
  const theirs = new Uint8Array(await response.arrayBuffer());
  const own = new TextEncoder().encode(text);
  const same = own.length === theirs.length && own.every((byte, index) => byte === theirs[index]);
  return { url: url.href, bytes: theirs.length, difference: same ? null : difference(new TextDecoder().decode(theirs), text) };
}
