// What is open in the worker, and the questions about it that the engine answers.

import { Version, type Catalog, type Entry, type FileRecord } from "airwaybill";

import * as errors from "../texts/errors.js";
import { detailOf, imageOf, replacedBy, sidesOf } from "./detail.js";
import { SourceError } from "./failure.js";
import { findingsOf, type Question } from "./findings.js";
import { hashed } from "./folder.js";
import { filterOf, GivenFolder, GivenZip, placed, type Given } from "./given.js";
import { nothingOf } from "./nothing.js";
import { catalogOf, contentsOf, isSigned, openedGiven, openedServer, optionsOf, overviewOf, rememberedOf, showsServer, type OpenCatalog, type OpenSource } from "./opened.js";
import { outdated } from "./peeks.js";
import type {
  Around,
  DetailAnswer,
  Event,
  FindingsAnswer,
  Look,
  ManifestAnswer,
  Overview,
  PlanAnswer,
  PlanRequest,
  Published,
  Refusal,
  Render,
  ReportFormat,
  Source,
  SourceName,
  VersionScheme,
  Wish,
} from "./protocol.js";
import { refusal } from "./refusal.js";
import { reportOf } from "./report.js";
import { columns, lists, movesOf, type DeviceFiles } from "./rows.js";
import { isIn, ServerReleases } from "./server.js";
import { summed, type Sum, type Summed } from "./sums.js";
import { Zip } from "./zip.js";

const REMEMBERED_RELEASES = 16;
/** How many folders and zips can be opened again. */
const REMEMBERED_SOURCES = 4;
/** How many reasons are said why nothing of a folder or a zip is offered. */
const REASONS = 8;
const NOTHING: DeviceFiles = { release: "", files: new Map(), kept: new Set() };

export class Session {
  #opened: OpenSource | null = null;
  #known: OpenCatalog | null = null;
  #generation = 0;
  #held = new Map<string, DeviceFiles>();
  #pending: Source[] = [];
  #cancelling = new AbortController();
  #server: ServerReleases | null = null;
  /** Its releases as they were at the last look. */
  #seen: ServerReleases | null = null;
  #given = new Map<string, Given>();

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
    return this.#use(this.#opened, chosenScheme);
  }

  /** The listing comes while the engine starts: `started`. */
  async openServer(published: Published, chosenScheme: VersionScheme | null, started: Promise<void>): Promise<Overview> {
    const { signal } = this.#begin();
    const [server] = await Promise.all([ServerReleases.read(published, { signal }), started]);
    signal.throwIfAborted();
    this.#server = server;
    return this.#use(openedServer(server), chosenScheme);
  }

  /** Of the files that were added. */
  openFolder(name: string, wish: Wish | null, around: Around): Promise<Overview | Refusal> {
    return this.openFiles(name, this.#taken(), wish, around);
  }

  openFiles(name: string, files: Source[], wish: Wish | null, around: Around): Promise<Overview | Refusal> {
    return this.#open(new GivenFolder(name, files), wish, around);
  }

  async openZip(file: File, wish: Wish | null, around: Around): Promise<Overview | Refusal> {
    const { signal } = this.#begin();
    const zip = await Zip.open(file);
    signal.throwIfAborted();
    return this.#open(new GivenZip(file.name, zip), wish, around);
  }

  async openAgain({ kind, name }: Pick<SourceName, "kind" | "name">, wish: Wish, around: Around): Promise<Overview | Refusal | null> {
    const given = this.#given.get(`${kind} ${name}`);
    return given === undefined ? null : this.#open(given, wish, around);
  }

  async #open(given: Given, wished: Wish | null, { listing, scheme, fresh }: Around): Promise<Overview | Refusal> {
    const { signal } = this.#begin();
    this.#remember(given);
    if (listing !== null && (fresh || this.#server === null)) {
      // Without it, a folder or a zip can still be opened by itself.
      const server = await ServerReleases.read(listing, { signal }).catch((error: unknown) => {
        if (wished?.onTop) throw error;
        return null;
      });
      signal.throwIfAborted();
      this.#server = server ?? this.#server;
    }
    const server = this.#server;
    const rules = server?.document.options ?? {};
    const filter = filterOf(rules);
    const wish = wished ?? { ...given.usual(filter), onTop: false };
    const place = placed(wish);
    // An image alone is opened only on top of releases.
    const isOpened = (path: string) => filter.reads(path) && (wish.onTop || path.includes("/"));
    const hasReleases = given.paths.some((path) => isOpened(place(path) ?? ""));
    filter.free();
    if (!hasReleases) return refusal(given, wish, server);
    const onProgress = this.#progress("releases");
    const read = await given.read(wish, { rules, sha256: isSigned(server, wish), signal, onProgress });
    const source: SourceName = { ...wish, kind: given.kind, name: given.name, digest: read.digest };
    const opened = await openedGiven(source, read, server);
    signal.throwIfAborted();
    const known = catalogOf(opened, scheme ?? optionsOf(opened).scheme);
    const isOffered = known.catalog.releases.length > 0 && (!wish.onTop || isAnyOf(opened.candidates, known.catalog));
    if (isOffered) return this.#show(opened, known, scheme);
    const reasons = known.catalog.ignored.filter(({ path }) => !wish.onTop || opened.candidates.has(path.split("/", 1)[0]!));
    free(known);
    return refusal(given, wish, server, reasons.slice(0, REASONS));
  }

  /** Whether it is the name of an image. */
  reads(name: string): boolean {
    const filter = filterOf(this.#server?.document.options ?? {});
    try {
      return filter.reads(name);
    } finally {
      filter.free();
    }
  }

  /** Hashes the added files, for a check. */
  async hash(): Promise<Entry[]> {
    const sources = this.#taken();
    return hashed(sources, { sha256: false, signal: this.#begin().signal, onProgress: this.#progress("check") });
  }

  /** Compares a device's sums with the files of a release, for a check. */
  summed(version: string, sums: readonly Sum[]): Promise<Summed> {
    if (this.#opened === null) throw nothingOpen();
    return summed(sums, this.#holds(version), contentsOf(this.#opened), { signal: this.#begin().signal, onProgress: this.#progress("check") });
  }

  plan(request: PlanRequest): PlanAnswer {
    const { catalog } = this;
    const plan = catalog.plan(request);
    const before = this.#holds(request.current);
    const after = plan === null ? before : this.#holds(plan.version);
    const parts = lists(plan, before, after, this.#replaced(request).replaced);
    const counts = { delete: 0, new: 0, update: 0, flash: 0, same: 0, protected: 0 };
    for (const { kind, rows } of parts) counts[kind] += rows.length;
    return {
      request,
      known: request.current == null || before !== NOTHING,
      some: plan !== null,
      nothing: plan === null ? nothingOf(catalog, request, this.#known!.scheme) : null,
      version: plan?.version ?? null,
      previous: plan?.previous_version ?? null,
      counts,
      download: plan === null ? 0 : catalog.downloadSize(request),
      patched: plan === null ? 0 : catalog.patchedSize(request),
      firmware: plan?.firmware ?? null,
      rows: columns(parts, before, movesOf(plan, before)),
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

  async file(request: PlanRequest, path: string, ignoresSpace: boolean): Promise<DetailAnswer> {
    if (this.#opened === null) throw nothingOpen();
    const contents = contentsOf(this.#opened);
    const plan = this.catalog.plan(request);
    if (path.startsWith("/")) return imageOf(path, plan, this.#replaced(request), contents);
    const from = request.current ?? null;
    const to = plan?.version ?? from;
    return detailOf(sidesOf(path, [from, this.#holds(from)], [to, this.#holds(to)]), contents, ignoresSpace);
  }

  findings(question: Question): Promise<FindingsAnswer> {
    const [opened, known] = [this.#opened, this.#known];
    if (opened === null || known === null) throw nothingOpen();
    const listed = (path: string) => known.catalog.find(path) ?? rememberedOf(opened).find((file) => file.path === path) ?? null;
    return findingsOf(opened, known, listed, question);
  }

  async look(listing: string): Promise<Look | null> {
    const opened = this.#opened;
    if (opened === null || !showsServer(opened) || opened.server === null) return null;
    const seen = await ServerReleases.read(listing, { etag: (this.#seen ?? opened.server).etag });
    if (seen === null || this.#opened !== opened) return null;
    this.#seen = seen;
    return { changed: seen.differs(opened.server), settling: seen.settling };
  }

  /** The plan as a document to hand over, with what the check finds for its device, who signed it, and when it is made. */
  async report(format: ReportFormat, request: PlanRequest, baseUrl: string | null): Promise<string> {
    const [opened, known] = [this.#opened, this.#known];
    if (opened === null || known === null) throw nothingOpen();
    const { current, firmwareVersion } = request;
    const generation = this.#generation;
    const isWanted = () => generation === this.#generation;
    const { findings, unread } = await this.findings({ target: request.target ?? null, from: current ?? null, isWanted });
    const plan = known.catalog.plan(request);
    const held = this.#holds(current).files;
    const before = plan?.delete.flatMap((path) => held.get(path) ?? []);
    const text = await reportOf(plan, opened, known.catalog, { format, current, firmwareVersion, before, findings, unread, baseUrl });
    if (!isWanted()) throw outdated();
    return text;
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

  /** A second one of the same name takes the place of the first. */
  #remember(given: Given): void {
    const key = `${given.kind} ${given.name}`;
    this.#given.delete(key);
    this.#given.set(key, given);
    const [oldest] = this.#given.keys();
    if (this.#given.size > REMEMBERED_SOURCES) this.#given.delete(oldest!);
  }

  #use(opened: OpenSource, chosenScheme: VersionScheme | null): Overview {
    return this.#show(opened, catalogOf(opened, chosenScheme ?? optionsOf(opened).scheme), chosenScheme);
  }

  #show(opened: OpenSource, known: OpenCatalog, chosenScheme: VersionScheme | null): Overview {
    if (this.#known !== null) free(this.#known);
    this.#known = known;
    this.#opened = opened;
    this.#seen = null;
    this.#generation += 1;
    this.#held.clear();
    return { generation: this.#generation, chosenScheme, ...overviewOf(opened, known) };
  }

  #replaced(request: PlanRequest) {
    return replacedBy(this.catalog, request, this.#known!.scheme);
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
    if (offered.has(version) || this.entries.some(({ path }) => isIn(version, path))) return version;
    try {
      const asked = new Version(version, scheme);
      return [...offered].find((name) => asked.equals(new Version(name, scheme))) ?? version;
    } catch {
      return version; // not a version in this scheme
    }
  }

  /** The engine lists the files of offered releases only; those of one that is held back are looked up by path. */
  #files(version: string): FileRecord[] {
    const { catalog } = this;
    if (this.#known?.offered.has(version)) return catalog.files(version);
    const inside = ({ path }: { path: string }) => isIn(version, path);
    const remembered = this.#opened === null ? [] : rememberedOf(this.#opened).filter(inside);
    const found = remembered.length > 0 ? remembered : this.entries.filter(inside).flatMap(({ path }) => catalog.find(path) ?? []);
    return found.map((file) => ({ ...file, path: file.path.slice(version.length + 1) })).sort((left, right) => (left.path < right.path ? -1 : 1));
  }
}

function free({ catalog, unprotected }: OpenCatalog): void {
  catalog.free();
  unprotected?.free();
}

/** Whether any of these names is that of a release or an image that is offered. */
function isAnyOf(names: ReadonlySet<string>, { releases, firmware }: Catalog): boolean {
  return releases.some(({ version }) => names.has(version)) || firmware.some(({ path }) => names.has(path));
}

function nothingOpen(): SourceError {
  return new SourceError("nothing_open", errors.nothingOpen);
}
