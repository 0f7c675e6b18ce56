// The open releases in the worker, and the questions about them that the engine answers.

import { Catalog, Filter, hashFiles, isDocument, isPatch, Version, type CheckRequest, type Entry, type FileRecord, type Peek } from "airwaybill";

import { contentOf, FolderContents, ServerContents, ZipContents, type Contents } from "./contents.js";
import { failure, SourceError } from "./failure.js";
import { difference, TEXT_BYTES, textOf } from "./lines.js";
import { look, outdated } from "./peeks.js";
import {
  SETTINGS_INVALID,
  type CheckSettings,
  type DstPaths,
  type Event,
  type FileAnswer,
  type FindingsAnswer,
  type FoundFinding,
  type ManifestAnswer,
  type Overview,
  type PlanAnswer,
  type PlanRequest,
  type Render,
  type ServerOptions,
  type ServerSettings,
  type ServerSigned,
  type Side,
  type Source,
  type VersionScheme,
} from "./protocol.js";
import { request } from "./request.js";
import { columns, lists, type DeviceFiles } from "./rows.js";
import { SETTINGS, settingsOf, type Settings } from "./settings.js";
import { documentsAbout, documentsOf, hasKeys, now, signedBy, signedByServer, type Documents } from "./signed.js";
import { Zip } from "./zip.js";

interface OpenSource {
  kind: Overview["kind"];
  name: string;
  entries: Entry[];
  contents: Contents;
  /** Those of a folder or a zip; null if there are none. */
  documents: Documents | null;
  /** What was looked into, by path. */
  peeks: Map<string, Peek>;
  /** Settings of the server that was open last. */
  server: ServerSettings | null;
  /** The one that was chosen; null is the server's. */
  chosenScheme: VersionScheme | null;
}

/** The catalog of the open releases, and what is derived from it. */
interface OpenCatalog {
  catalog: Catalog;
  hasPatches: boolean;
  offered: ReadonlySet<string>;
  scheme: VersionScheme;
  /** Rejects protected files; null if there are none. */
  unprotected: Filter | null;
}

const REMEMBERED_RELEASES = 16;
const NOTHING: DeviceFiles = { release: "", files: new Map(), kept: new Set() };

export class Session {
  #opened: OpenSource | null = null;
  #known: OpenCatalog | null = null;
  #generation = 0;
  #held = new Map<string, DeviceFiles>();
  #pending: Source[] = [];
  #cancelling = new AbortController();

  constructor(private tell: (event: Event) => void) {}

  get catalog(): Catalog {
    if (this.#known === null) throw nothingOpen();
    return this.#known.catalog;
  }

  get hasPatches(): boolean {
    return this.#known?.hasPatches ?? false;
  }

  get entries(): Entry[] {
    return this.#opened?.entries ?? [];
  }

  /** Increases with each source that is opened and each change of options. */
  get generation(): number {
    return this.#generation;
  }

  add(files: Source[]): void {
    for (const file of files) this.#pending.push(file);
  }

  cancel(): void {
    this.#cancelling.abort();
    this.#pending = [];
  }

  choose(chosenScheme: VersionScheme | null): Overview {
    if (this.#opened === null) throw nothingOpen();
    return this.#use({ ...this.#opened, chosenScheme });
  }

  async openServer(listing: string, chosenScheme: VersionScheme | null): Promise<Overview> {
    const { signal } = this.#begin();
    const response = await request(listing, { signal });
    const document = (await response.json()) as ListingDocument;
    const { base_url: baseUrl, dst_paths: dstPaths, options, check, findings, remembered, signed, documents, entries } = document;
    const etag = response.headers.get("etag") ?? "";
    const server: ServerSettings = { baseUrl, dstPaths, options, check, findings, remembered, signed, documents, etag };
    const root = new URL("../", listing).href;
    signal.throwIfAborted();
    const contents = new ServerContents(root);
    const about = { kind: "server", name: new URL(root).host, documents: null } as const;
    return this.#use({ ...about, entries, contents, peeks: new Map(), server, chosenScheme });
  }

  async openFolder(name: string, chosenScheme: VersionScheme | null): Promise<Overview> {
    const sources = this.#taken();
    const { signal } = this.#begin();
    const entries = await this.#hashed(sources, "releases", signal);
    const contents = new FolderContents(sources);
    const documents = await documentsOf(sources.map(({ path }) => path), contents);
    signal.throwIfAborted();
    return this.#use({ kind: "folder", name, entries, contents, documents, peeks: new Map(), server: this.#server, chosenScheme });
  }

  async openZip(file: File, chosenScheme: VersionScheme | null): Promise<Overview> {
    const { signal } = this.#begin();
    const zip = await Zip.open(file);
    const filter = this.#filter();
    try {
      const entries = await zip.listing(this.#progress("releases"), signal, filter);
      const contents = new ZipContents(zip);
      const documents = await documentsOf(entries.map(({ path }) => path), contents);
      signal.throwIfAborted();
      const about = { kind: "zip", name: file.name } as const;
      return this.#use({ ...about, entries, contents, documents, peeks: new Map(), server: this.#server, chosenScheme });
    } finally {
      filter.free();
    }
  }

  /** Hashes the added files, for a check. */
  async hash(): Promise<Entry[]> {
    const sources = this.#taken();
    return this.#hashed(sources, "check", this.#begin().signal);
  }

  /** Hashes in the package's workers. */
  async #hashed(sources: readonly Source[], what: string, signal: AbortSignal): Promise<Entry[]> {
    const filter = what === "releases" ? this.#filter() : undefined;
    const here: { path: string; file: Blob }[] = [];
    const others: Entry[] = [];
    for (const { path, file } of sources) {
      if (file !== null) here.push({ path, file });
      else others.push(isDirectory(path) ? { path } : { path, unread: "it disappeared after it was listed" });
    }
    const progress = this.#progress(what);
    const sha256 = what === "releases" && hasKeys(here.map(({ path }) => path));
    try {
      const found = await hashFiles(here, { signal, filter, sha256, onProgress: ({ done, total }) => progress(done, total) });
      return found.concat(others);
    } finally {
      filter?.free();
    }
  }

  plan(request: PlanRequest): PlanAnswer {
    const { catalog } = this;
    const plan = catalog.plan(request);
    const before = this.#holds(request.current);
    const after = plan === null ? before : this.#holds(plan.version);
    const parts = lists(plan, before, after);
    const counts = { delete: 0, new: 0, update: 0, same: 0, protected: 0 };
    for (const { kind, rows } of parts) counts[kind] += rows.length;
    return {
      request,
      known: request.current == null || before !== NOTHING,
      some: plan !== null,
      version: plan?.version ?? null,
      previous: plan?.previous_version ?? null,
      counts,
      download: plan === null ? 0 : catalog.downloadSize(request),
      patched: plan === null ? 0 : catalog.patchedSize(request),
      firmware: plan?.firmware ?? null,
      rows: columns(parts, before),
    };
  }

  manifest(request: PlanRequest, render: Render): ManifestAnswer {
    const text = this.catalog.manifestJson(request, {
      baseUrl: render.baseUrl,
      dstPaths: render.dstPaths,
      format: render.format,
    });
    return { text, bytes: new TextEncoder().encode(text).length };
  }

  async file(request: PlanRequest, path: string): Promise<FileAnswer> {
    const contents = this.#opened?.contents;
    if (contents === undefined) throw nothingOpen();
    const from = request.current ?? null;
    const to = this.catalog.plan(request)?.version ?? from;
    const [before, after] = [this.#holds(from), this.#holds(to)];
    const sides = [side(before, path), side(after, path)] as const;
    const answer: FileAnswer = {
      path,
      from,
      to,
      before: sides[0],
      after: sides[1],
      known: from === null || before !== NOTHING,
      kept: before.kept.has(path) || after.kept.has(path),
      lines: null,
      added: 0,
      removed: 0,
      note: null,
      trouble: null,
    };
    if (!answer.known) return { ...answer, note: "nothing to compare with: the device's files are not known" };
    if (sides.some((side) => (side?.size ?? 0) > TEXT_BYTES)) return { ...answer, note: "too large for a line diff" };
    const read = async (side: Side | null) => (side === null ? "" : textOf(await contentOf(contents, side.path, side)));
    try {
      const [old, next] = await Promise.all(sides.map(read));
      if (old == null || next == null) return { ...answer, note: "binary file: no line diff" };
      const found = difference(old, next);
      return found === null ? { ...answer, note: "too different for a line diff" } : { ...answer, ...found };
    } catch (error) {
      return { ...answer, trouble: failure(error) };
    }
  }

  /** What the server found of its highest release, or what the engine finds here. */
  async findings(target: string | null, from: string | null, isWanted: () => boolean): Promise<FindingsAnswer> {
    if (this.#opened === null) throw nothingOpen();
    const { kind, contents, documents, peeks, server } = this.#opened;
    const { catalog, offered, scheme } = this.#known!;
    const versions = [...offered];
    const goes = target ?? versions.at(-1) ?? null;
    const below = goes === null ? null : (versions[versions.indexOf(goes) - 1] ?? null);
    const about = { target: goes, from: from ?? below };
    const isHighest = goes === (versions.at(-1) ?? null) && about.from === below;
    if (kind === "server" && scheme === server!.options.scheme && isHighest) {
      return { ...about, findings: server!.findings, accepted: server!.check.accept ?? [], unread: 0 };
    }
    const { values, problem } = await this.#settings();
    if (!isWanted()) throw outdated();
    const image = catalog.firmware.at(-1)?.path ?? null;
    const found = kind === "server" ? await documentsOf(documentsAbout([goes, image], server!.documents), contents) : documents;
    if (!isWanted()) throw outdated();
    const signed = { documents: Object.entries(found ?? {}).map(([name, content]) => ({ name, content })), now: now() };
    // As the command does without --from: for devices on all releases below.
    const current = from === null || from === below ? [] : [from];
    const request: CheckRequest = { settings: values, ...signed, target, current };
    const wanted = catalog.peeks(request);
    const listed = (path: string) => catalog.find(path) ?? this.#remembered.find((file) => file.path === path) ?? null;
    await look(wanted, listed, contents, peeks, isWanted);
    const known = wanted.flatMap((path) => peeks.get(path) ?? []);
    const findings: FoundFinding[] = catalog.check(known, request);
    if (problem !== null) findings.unshift(problem);
    return { ...about, findings, accepted: values.accept ?? [], unread: wanted.length - known.length };
  }

  /** Those of what is open; without any, the server's. */
  async #settings(): Promise<Settings> {
    const { kind, contents, entries, server } = this.#opened!;
    if (kind !== "server" && entries.some(({ path }) => path === SETTINGS)) {
      return settingsOf(await (await contents.read(SETTINGS)).text());
    }
    const problem = kind === "server" ? server?.findings.find(({ code }) => code === SETTINGS_INVALID) : undefined;
    return { values: server?.check ?? {}, problem: problem ?? null };
  }

  async stale(listing: string): Promise<boolean> {
    if (this.#opened?.kind !== "server") return false;
    const response = await fetch(listing, { headers: { "If-None-Match": this.#server?.etag ?? "" }, cache: "no-store" });
    return response.status === 200;
  }

  #begin(): AbortController {
    this.#cancelling.abort();
    this.#cancelling = new AbortController();
    return this.#cancelling;
  }

  #taken(): Source[] {
    const pending = this.#pending;
    this.#pending = [];
    return pending;
  }

  #progress(what: string): (done: number, total: number) => void {
    let told = 0;
    return (done, total) => {
      if (performance.now() - told < 50 && done < total) return;
      told = performance.now();
      this.tell({ event: "progress", what, done, total });
    };
  }

  get #server(): ServerSettings | null {
    return this.#opened?.server ?? null;
  }

  /** Reads what may be a release in either version order, so that a change of order needs no second reading. */
  #filter(): Filter {
    const { ignore, include } = this.#server?.options ?? {};
    return new Filter({ scheme: "loose", ignore, include });
  }

  #use(opened: OpenSource): Overview {
    const { kind, name, entries, documents, server } = opened;
    const options = kind === "server" ? server!.options : ofOwn(server?.options);
    const { ignore, protect, unsettled } = options;
    const scheme = opened.chosenScheme ?? options.scheme;
    const earlier = kind === "server" ? Catalog.fromListing(server!.remembered, { ...ofOwn(options), scheme }) : null;
    const patches = entries.filter(({ path }) => isPatch(path));
    const catalog = Catalog.fromListing(entries, { ...options, scheme }, earlier, patches);
    earlier?.free();
    const { releases, firmware, ignored, warnings } = catalog;
    // `protect` has the same glob syntax as `ignore`.
    const unprotected = protect.length === 0 ? null : new Filter({ ignore: protect });
    this.#known?.catalog.free();
    this.#known?.unprotected?.free();
    const offered = new Set(releases.map((release) => release.version));
    this.#known = { catalog, hasPatches: patches.length > 0, offered, scheme, unprotected };
    this.#opened = opened;
    this.#generation += 1;
    this.#held.clear();
    const judged = documents === null ? null : signedBy(catalog, entries, documents);
    const signed = kind === "server" && server!.signed !== null ? signedByServer(server!.signed) : judged;
    const files = entries.filter(({ path }) => !isDirectory(path) && !isDocument(path) && !isPatch(path));
    const bytes = files.reduce((sum, entry) => sum + ("size" in entry ? entry.size : 0), 0);
    return {
      generation: this.#generation,
      ...{ name, kind, releases, firmware, ignored, warnings, entries: files.length, bytes },
      ...{ scheme, chosenScheme: opened.chosenScheme, ignore, protect, unsettled, signed, server },
      below: releases.length > 0 ? null : this.#withReleases(entries),
    };
  }

  /** A directory that would have releases if it were the one that is open. */
  #withReleases(entries: readonly Entry[]): string | null {
    const filter = this.#filter();
    const inside = (path: string) => path.slice(path.indexOf("/") + 1);
    const found = entries.find(({ path }) => inside(inside(path)) !== inside(path) && filter.reads(inside(path)));
    filter.free();
    return found === undefined ? null : found.path.slice(0, found.path.indexOf("/"));
  }

  /** What a device on a version has, as far as the engine knows. */
  #holds(version: string | null | undefined): DeviceFiles {
    if (version == null) return NOTHING;
    let held = this.#held.get(version);
    if (held === undefined) {
      const release = this.#release(version);
      const files = new Map(this.#files(release).map((file) => [file.path, file]));
      const filter = this.#known?.unprotected ?? null;
      const kept = filter === null ? [] : [...files.keys()].filter((path) => !filter.reads(`${release}/${path}`));
      held = files.size === 0 ? NOTHING : { release, files, kept: new Set(kept) };
      if (this.#held.size >= REMEMBERED_RELEASES) this.#held.clear();
      this.#held.set(version, held);
    }
    return held;
  }

  /** The release of exactly that name, otherwise an equal one (rule V5). */
  #release(version: string): string {
    const { offered, scheme } = this.#known!;
    if (offered.has(version) || this.entries.some(({ path }) => path.startsWith(`${version}/`))) return version;
    try {
      const asked = new Version(version, scheme);
      return [...offered].find((name) => asked.equals(new Version(name, scheme))) ?? version;
    } catch {
      return version; // not a version in this scheme
    }
  }

  /** The files of releases that are held back, as they were when the server offered them last (rule C9). */
  get #remembered(): readonly FileRecord[] {
    return (this.#opened?.kind === "server" && this.#server?.remembered) || [];
  }

  /** The engine lists the files of offered releases only; those of one that is held back are looked up by path. */
  #files(version: string): FileRecord[] {
    const { catalog } = this;
    if (this.#known?.offered.has(version)) return catalog.files(version);
    const top = `${version}/`;
    const inside = ({ path }: { path: string }) => path.startsWith(top);
    const remembered = this.#remembered.filter(inside);
    const found = remembered.length > 0 ? remembered : this.entries.filter(inside).flatMap(({ path }) => catalog.find(path) ?? []);
    return found.map((file) => ({ ...file, path: file.path.slice(top.length) })).sort((left, right) => (left.path < right.path ? -1 : 1));
  }
}

function side({ release, files }: DeviceFiles, path: string): Side | null {
  const file = files.get(path);
  return file === undefined ? null : { path: `${release}/${path}`, size: file.size, sha1: file.sha1 };
}

const isDirectory = (path: string): path is `${string}/` => path.endsWith("/");

function nothingOpen(): SourceError {
  return new SourceError("nothing_open", "open the releases first");
}

/** What the server is set to, for releases of one's own. */
function ofOwn(server?: ServerOptions): ServerOptions {
  const { scheme, ignore, protect, include, keep } = server ?? { scheme: "loose", ignore: [], protect: [], include: [], keep: [] };
  return { scheme, ignore, protect, include, keep, unsettled: [], unsigned: [], now: Math.floor(Date.now() / 1000) };
}

interface ListingDocument {
  base_url: string;
  dst_paths: DstPaths;
  options: ServerOptions;
  check: CheckSettings;
  findings: FoundFinding[];
  remembered: FileRecord[];
  signed: ServerSigned | null;
  documents: string[];
  entries: Entry[];
}
