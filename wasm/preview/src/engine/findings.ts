// The check of what is open.

import type { Catalog, CheckRequest, FileRecord } from "airwaybill";

import { contentsOf, optionsOf, serverSettings, showsServer, type OpenCatalog, type OpenSource } from "./opened.js";
import { look, outdated } from "./peeks.js";
import { SETTINGS_INVALID, type FindingsAnswer, type FoundFinding } from "./protocol.js";
import { SETTINGS, settingsOf, type Settings } from "./settings.js";
import { documentsAbout, documentsOf, now, type Documents } from "./signed.js";

export interface Question {
  /** Null for the highest release. */
  target: string | null;
  /** The release that devices are on; null for the one below the target. */
  from: string | null;
  isWanted(): boolean;
}

/** What the server found of its highest release, or what the engine finds here. */
export async function findingsOf(opened: OpenSource, known: OpenCatalog, listed: (path: string) => FileRecord | null, question: Question): Promise<FindingsAnswer> {
  const { target, from, isWanted } = question;
  const { catalog, offered, scheme } = known;
  const versions = [...offered];
  const goes = target ?? versions.at(-1) ?? null;
  const below = goes === null ? null : (versions[versions.indexOf(goes) - 1] ?? null);
  const about = { target: goes, from: from ?? below };
  const isHighest = goes === (versions.at(-1) ?? null) && about.from === below;
  const said = opened.given === null ? opened.server!.document.findings : null;
  if (said !== null && scheme === optionsOf(opened).scheme && isHighest) {
    return { ...about, findings: said, accepted: serverSettings(opened).accept ?? [], unread: 0 };
  }
  const { values, problem } = await settings(opened);
  if (!isWanted()) throw outdated();
  const documents = await documentsFor(opened, [goes, image(catalog)]);
  if (!isWanted()) throw outdated();
  const signed = { documents: Object.entries(documents).map(([name, content]) => ({ name, content })), now: now() };
  // As the command does without --from: for devices on all releases below.
  const current = from === null || from === below ? [] : [from];
  const request: CheckRequest = { settings: values, ...signed, target, current };
  const wanted = catalog.peeks(request);
  await look(wanted, listed, contentsOf(opened), opened.peeks, isWanted);
  const peeks = wanted.flatMap((path) => opened.peeks.get(path) ?? []);
  const findings: FoundFinding[] = catalog.check(peeks, request);
  if (problem !== null) findings.unshift(problem);
  return { ...about, findings, accepted: values.accept ?? [], unread: wanted.length - peeks.length };
}

const image = (catalog: Catalog) => catalog.firmware.at(-1)?.path ?? null;

/** Of a server only those that are about what goes out. */
async function documentsFor(opened: OpenSource, paths: readonly (string | null)[]): Promise<Documents> {
  const { server, documents } = opened;
  if (!showsServer(opened)) return documents ?? {};
  const names = documentsAbout(paths, server!.document.documents).filter((name) => documents?.[name] === undefined);
  return { ...(await documentsOf(names, server!.contents)), ...documents };
}

/** Those of what was given; without any, the server's. */
async function settings({ given, server }: OpenSource): Promise<Settings> {
  if (given?.read.entries.some(({ path }) => path === SETTINGS)) {
    return settingsOf(new TextDecoder().decode(await given.read.contents.read(SETTINGS)));
  }
  const problem = given === null || given.source.onTop ? server?.document.findings?.find(({ code }) => code === SETTINGS_INVALID) : undefined;
  return { values: server?.document.check ?? {}, problem: problem ?? null };
}
