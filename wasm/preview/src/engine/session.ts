// What is open in the worker, and the questions about it that the engine answers.

import { Catalog, Filter, hashFiles, type Entry, type FileRecord, type Plan } from "airwaybill";

import { FolderContents, ServerContents, ZipContents, type Contents } from "./contents.js";
import { SourceError } from "./failure.js";
import { difference, TEXT_BYTES, textOf } from "./lines.js";
import { columns, lists } from "./rows.js";
import type {
  Event,
  FileAnswer,
  ManifestAnswer,
  Order,
  Overview,
  PlanAnswer,
  PlanRequest,
  Render,
  ServerSettings,
  Side,
  Source,
} from "./protocol.js";
import { Zip } from "./zip.js";

interface Opened {
  kind: Overview["kind"];
  name: string;
  entries: Entry[];
  contents: Contents;
  server: ServerSettings | null;
}

const REMEMBERED_RELEASES = 16;

export class Session {
  #opened: Opened | null = null;
  #catalog: Catalog | null = null;
  /** The same without protection, to tell what it holds back; null when nothing is protected. */
  #free: Catalog | null = null;
  #order: Order | null = null;
  #server: ServerSettings | null = null;
  #generation = 0;
  #byPath: Map<string, Entry> | null = null;
  #files = new Map<string, readonly FileRecord[]>();
  #pending: Source[] = [];
  #cancelling = new AbortController();

  constructor(private tell: (event: Event) => void) {}

  get catalog(): Catalog {
    if (this.#catalog === null) throw new SourceError("nothing_open", "open the releases first");
    return this.#catalog;
  }

  get entries(): Entry[] {
    return this.#opened?.entries ?? [];
  }

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

  choose(order: Order): Overview {
    this.#order = order;
    this.#rebuild();
    return this.overview();
  }

  async openServer(listing: string): Promise<Overview> {
    const { signal } = this.#begin();
    const response = await request(listing, signal);
    const document = (await response.json()) as ListingDocument;
    const { options, entries } = document;
    const server: ServerSettings = {
      baseUrl: document.base_url,
      absolutePaths: document.dst_paths === "absolute",
      versions: options.versions,
      ignore: options.ignore,
      protect: options.protect,
      unsettled: options.unsettled,
      etag: response.headers.get("etag") ?? "",
    };
    const root = new URL("../", listing).href;
    this.#server = server;
    this.#use({ kind: "server", name: new URL(root).host, entries, contents: new ServerContents(root), server });
    return this.overview();
  }

  async openFolder(name: string): Promise<Overview> {
    const sources = this.#taken();
    const entries = await this.hash(sources, "releases");
    this.#use({ kind: "folder", name, entries, contents: new FolderContents(sources), server: null });
    return this.overview();
  }

  async openZip(file: File): Promise<Overview> {
    const { signal } = this.#begin();
    const zip = await Zip.open(file);
    const filter = this.#filter();
    let told = 0;
    const onProgress = (done: number, total: number) => {
      if (performance.now() - told < 50 && done < total) return;
      told = performance.now();
      this.tell({ event: "progress", what: "releases", done, total });
    };
    try {
      const entries = await zip.listing(onProgress, signal, (path) => filter.reads(path));
      this.#use({ kind: "zip", name: file.name, entries, contents: new ZipContents(zip), server: null });
    } finally {
      filter.free();
    }
    return this.overview();
  }

  /** Hashes what was added, or `sources`, in the package's workers. */
  async hash(sources: Source[] = this.#taken(), what = "check"): Promise<Entry[]> {
    const { signal } = this.#begin();
    const filter = what === "releases" ? this.#filter() : undefined;
    let told = 0;
    const here: { path: string; file: Blob }[] = [];
    const gone: Entry[] = [];
    for (const { path, file } of sources) {
      if (file === null) gone.push({ path, unread: "it has gone since it was listed" });
      else here.push({ path, file });
    }
    try {
      const found = await hashFiles(here, {
        signal,
        filter,
        onProgress: ({ done, total }) => {
          if (performance.now() - told < 50 && done < total) return;
          told = performance.now();
          this.tell({ event: "progress", what, done, total });
        },
      });
      return found.concat(gone);
    } finally {
      filter?.free();
    }
  }

  overview(): Overview {
    const opened = this.#opened;
    if (opened === null) throw new SourceError("nothing_open", "open the releases first");
    const { ignore, protect, unsettled } = this.#options();
    return {
      generation: this.#generation,
      name: opened.name,
      kind: opened.kind,
      releases: this.catalog.releases,
      firmware: this.catalog.firmware,
      ignored: this.catalog.ignored,
      warnings: this.catalog.warnings,
      entries: opened.entries.length,
      bytes: opened.entries.reduce((sum, entry) => sum + ("size" in entry ? entry.size : 0), 0),
      versions: this.#versions(),
      ignore,
      protect,
      unsettled,
      server: this.#server,
    };
  }

  plan(request: PlanRequest): PlanAnswer {
    const { catalog } = this;
    const plan: Plan | null = catalog.plan(request);
    const free = this.#free?.plan(request) ?? null;
    const after = plan?.version ?? request.current ?? null;
    const kept = after === null ? [] : this.#release(after);
    const sizeBefore = (path: string) => this.#side(request.current, path)?.size ?? NaN;
    const parts = lists(plan, free, kept, sizeBefore);
    const counts = { delete: 0, new: 0, update: 0, same: 0, protected: 0 };
    for (const { kind, rows } of parts) counts[kind] += rows.length;
    return {
      some: plan !== null,
      version: plan?.version ?? null,
      previous: plan?.previous_version ?? null,
      counts,
      download: plan === null ? 0 : catalog.downloadSize(request),
      firmware: plan?.firmware ?? null,
      rows: columns(parts, sizeBefore),
    };
  }

  manifest(request: PlanRequest, render: Render): ManifestAnswer {
    const text = this.catalog.manifestJson(request, {
      baseUrl: render.baseUrl,
      dstPaths: render.absolute ? "absolute" : "relative",
      format: render.format,
    });
    return { text, bytes: new TextEncoder().encode(text).length };
  }

  async file(request: PlanRequest, path: string): Promise<FileAnswer> {
    const plan = this.catalog.plan(request);
    const target = plan?.version ?? request.current;
    const before = this.#side(request.current, path);
    const after = plan?.delete.includes(path) ? null : this.#side(target, path);
    const fetched = plan !== null && (plan.new.some((file) => file.path === path) || plan.update.some((file) => file.path === path));
    const kept = !fetched && after !== null && before?.sha1 !== after.sha1;
    const answer: FileAnswer = { path, before, after, kept, lines: null, added: 0, removed: 0, note: null };
    const texts: string[] = [];
    for (const side of [before, after]) {
      if (side !== null && (side.size ?? 0) > TEXT_BYTES) return { ...answer, note: "too long for a comparison by lines" };
      let text: string | null = "";
      if (side !== null) {
        const content = await this.#opened?.contents.read(side.path);
        if (content === null || content === undefined) return { ...answer, note: "its content is not at hand here" };
        text = textOf(new Uint8Array(await content.arrayBuffer()));
      }
      if (text === null) return { ...answer, note: "binary: its lines cannot be compared" };
      texts.push(text);
    }
    const found = difference(texts[0] ?? "", texts[1] ?? "");
    return found === null ? { ...answer, note: "too different for a comparison by lines" } : { ...answer, ...found };
  }

  async stale(listing: string): Promise<boolean> {
    if (this.#opened?.kind !== "server" || this.#server === null) return false;
    const response = await fetch(listing, { headers: { "If-None-Match": this.#server.etag }, cache: "no-store" });
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

  #use(opened: Opened): void {
    const before = this.#opened;
    this.#opened = opened;
    try {
      this.#rebuild();
    } catch (error) {
      this.#opened = before;
      throw error;
    }
  }

  #versions(): Order {
    return this.#order ?? this.#server?.versions ?? "loose";
  }

  #options() {
    return {
      versions: this.#versions(),
      ignore: this.#server?.ignore ?? [],
      protect: this.#server?.protect ?? [],
      unsettled: this.#opened?.server?.unsettled ?? [],
    };
  }

  /** Reads whatever either order could take for a release, so that a change of order needs no second reading. */
  #filter(): Filter {
    return new Filter({ ...this.#options(), versions: "loose" });
  }

  #rebuild(): void {
    const options = this.#options();
    const catalog = Catalog.fromListing(this.entries, options);
    const free = options.protect.length === 0 ? null : Catalog.fromListing(this.entries, { ...options, protect: [] });
    this.#catalog?.free();
    this.#free?.free();
    this.#catalog = catalog;
    this.#free = free;
    this.#generation += 1;
    this.#byPath = null;
    this.#files.clear();
  }

  /** The files of a release by name; none of one that is not offered. */
  #release(version: string): readonly FileRecord[] {
    let files = this.#files.get(version);
    if (files === undefined) {
      const offered = this.catalog.releases.some((release) => release.version === version);
      files = offered ? this.catalog.files(version) : [];
      if (this.#files.size >= REMEMBERED_RELEASES) this.#files.clear();
      this.#files.set(version, files);
    }
    return files;
  }

  #side(version: string | null | undefined, path: string): Side | null {
    if (version === null || version === undefined) return null;
    this.#byPath ??= new Map(this.entries.map((entry) => [entry.path, entry]));
    const entry = this.#byPath.get(`${version}/${path}`);
    const file = entry !== undefined && "link" in entry ? this.#byPath.get(entry.link ?? "") : entry;
    return file !== undefined && "size" in file ? { path: file.path, size: file.size, sha1: file.sha1 } : null;
  }
}

interface ListingDocument {
  base_url: string;
  dst_paths: "relative" | "absolute";
  options: { versions: Order; ignore: string[]; protect: string[]; unsettled: string[] };
  entries: Entry[];
}

/** Fetches from the server; its errors are JSON with a code. */
export async function request(url: string, signal: AbortSignal | null = null): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal, cache: "no-store" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new SourceError("server_unreachable", "the server does not answer; is it running, and are you in its network?");
  }
  if (response.ok) return response;
  const document = (await response.json().catch(() => ({}))) as { code?: string; message?: string };
  throw new SourceError(
    document.code ?? "server_error",
    document.message ?? `the server answers ${response.status} ${response.statusText}`,
  );
}
