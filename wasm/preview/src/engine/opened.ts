// What is open: the releases of a server, a folder or a zip, or releases of these on top of those of the server.

import { Catalog, Filter, isDocument, isPatch, type Entry, type FileRecord, type Peek } from "airwaybill";

import type { Contents } from "./contents.js";
import type { Read } from "./given.js";
import type { Candidates, CheckSettings, Overview, SourceName, VersionScheme } from "./protocol.js";
import { releasesInside } from "./refusal.js";
import { ALL_OFFERED, NO_OPTIONS, sizeOf, type ServerOptions, type ServerReleases } from "./server.js";
import { answerOf, documentsAbout, documentsOf, hasKeys, isBeside, signedBy, signedByServer, type Documents, type Signed } from "./signed.js";

export interface OpenSource {
  /** The one that was open last. */
  server: ServerReleases | null;
  /** Null if these are the server's releases alone. */
  given: { source: SourceName; read: Read } | null;
  entries: Entry[];
  /** What is here of waybills, signatures and keys; those of a server only as far as candidates need them. */
  documents: Documents | null;
  /** The names at the top of what is on top of the server's. */
  candidates: ReadonlySet<string>;
  /** What was looked into, by path. */
  peeks: Map<string, Peek>;
}

/** The catalog of what is open, and what is derived from it. */
export interface OpenCatalog {
  catalog: Catalog;
  hasPatches: boolean;
  offered: ReadonlySet<string>;
  scheme: VersionScheme;
  /** Rejects protected files; null if there are none. */
  unprotected: Filter | null;
}

export function openedServer(server: ServerReleases): OpenSource {
  return { server, given: null, entries: server.document.entries, documents: null, candidates: new Set(), peeks: new Map() };
}

/** What was read of a folder or a zip, alone or on top of the server's releases. */
export async function openedGiven(source: SourceName, read: Read, server: ServerReleases | null): Promise<OpenSource> {
  const given = { source, read };
  if (server === null || !source.onTop) {
    return { server, given, entries: read.entries, documents: read.documents, candidates: new Set(), peeks: new Map() };
  }
  const candidates = new Set(read.entries.map(({ path }) => topOf(path)));
  const below = server.document.entries.filter(({ path }) => !candidates.has(topOf(path)));
  const keys = await documentsOf(documentsAbout([], server.document.documents), server.contents);
  const documents = keys === null && read.documents === null ? null : { ...keys, ...read.documents };
  return { server, given, entries: [...below, ...read.entries], documents, candidates, peeks: new Map() };
}

/** Whether the SHA-256 of files is needed to say who signed them. */
export function isSigned(server: ServerReleases | null, { onTop }: { onTop: boolean }): boolean {
  return onTop && server !== null && hasKeys(server.document.documents);
}

/** Whether it shows the releases of the server, with others on top or not. */
export const showsServer = ({ given }: OpenSource) => given === null || given.source.onTop;

export function contentsOf({ server, given, candidates }: OpenSource): (path: string) => Contents {
  if (given === null) return () => server!.contents;
  if (!given.source.onTop || server === null) return () => given.read.contents;
  return (path) => (candidates.has(topOf(path)) ? given.read.contents : server.contents);
}

export function optionsOf(opened: OpenSource): ServerOptions {
  const { server, candidates } = opened;
  const given = server?.document.options ?? NO_OPTIONS;
  if (opened.given === null) return given;
  const now = Math.floor(Date.now() / 1000);
  if (!showsServer(opened)) return { ...given, ...ALL_OFFERED, now };
  const isBelow = (name: string) => !candidates.has(name);
  const [unsettled, failed] = [given.unsettled.filter(isBelow), given.failed.filter(isBelow)];
  return { ...given, unsettled, failed, unsigned: given.unsigned.filter(({ path }) => isBelow(path)), now };
}

/** The files of releases that a server holds back now, as they were when it offered them last (rule C9). */
export function rememberedOf(opened: OpenSource): readonly FileRecord[] {
  return showsServer(opened) ? opened.server!.document.remembered : [];
}

/** What the server's `check.toml` says. */
export function serverSettings({ server }: OpenSource): CheckSettings {
  return server?.document.check ?? {};
}

export function catalogOf(opened: OpenSource, scheme: VersionScheme): OpenCatalog {
  const { entries } = opened;
  const options = { ...optionsOf(opened), scheme };
  const remembered = rememberedOf(opened);
  const earlier = remembered.length === 0 ? null : Catalog.fromListing(remembered, { ...options, ...ALL_OFFERED });
  const patches = entries.filter(({ path }) => isBeside(path) && isPatch(path));
  const catalog = Catalog.fromListing(entries, options, earlier, patches);
  earlier?.free();
  const offered = new Set(catalog.releases.map(({ version }) => version));
  // `protect` has the same glob syntax as `ignore`.
  const unprotected = options.protect.length === 0 ? null : new Filter({ ignore: options.protect });
  return { catalog, hasPatches: patches.length > 0, offered, scheme, unprotected };
}

export function overviewOf(opened: OpenSource, { catalog, scheme }: OpenCatalog): Omit<Overview, "generation" | "chosenScheme"> {
  const { given, entries, server } = opened;
  const signed = signedOf(opened, catalog);
  const { releases, firmware, ignored, warnings } = catalog;
  const { ignore, protect } = optionsOf(opened);
  const files = entries.filter(({ path }) => !path.endsWith("/") && !(isBeside(path) && (isDocument(path) || isPatch(path))));
  const isServer = showsServer(opened);
  const { base_url: baseUrl, dst_paths: dstPaths } = server?.document ?? {};
  return {
    source: given?.source ?? null,
    candidates: candidatesOf(opened, catalog),
    kind: isServer ? "server" : given!.source.kind,
    name: isServer ? server!.host : given!.source.name,
    ...{ releases, firmware, ignored, warnings, entries: files.length, bytes: sizeOf(files), scheme, ignore, protect },
    signed: signed === null ? null : answerOf(signed),
    server: baseUrl == null || dstPaths === undefined ? null : { baseUrl, dstPaths },
    settling: isServer ? server!.settling : [],
    below: releases.length > 0 ? null : (releasesInside(entries.map(({ path }) => path), server?.document.options ?? {})[0] ?? null),
  };
}

function candidatesOf({ candidates, server }: OpenSource, { releases, firmware }: Catalog): Candidates {
  if (candidates.size === 0) return { versions: [], images: [], replacing: [] };
  const versions = releases.map(({ version }) => version).filter((version) => candidates.has(version));
  const images = firmware.map(({ path }) => path).filter((path) => candidates.has(path));
  const known = new Set(server!.document.entries.map(({ path }) => topOf(path)));
  return { versions, images, replacing: [...versions, ...images].filter((name) => known.has(name)) };
}

/** Of a server only what it says itself: it sends no SHA-256. */
export function signedOf(opened: OpenSource, catalog: Catalog): Signed | null {
  const { server, given, documents, candidates } = opened;
  const said = server?.document.signed ?? null;
  const below = showsServer(opened) && said !== null ? signedByServer(said) : null;
  if (given === null || documents === null) return below;
  const { entries } = given.read;
  if (!given.source.onTop) return signedBy(catalog, entries, documents);
  const alone = Catalog.fromListing(entries, { ...server!.document.options, ...ALL_OFFERED });
  const here = signedBy(alone, entries, documents);
  alone.free();
  const others = below?.list.filter(({ path }) => !candidates.has(path)) ?? [];
  return { ...here, list: [...others, ...here.list] };
}

const topOf = (path: string) => path.split("/", 1)[0]!;
