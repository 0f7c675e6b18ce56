// What the page asks the worker that holds the engine, and what comes back.

import type {
  Acceptance,
  CheckSettings,
  Content,
  DstPaths,
  Finding,
  Firmware,
  Notice,
  PlanRequest,
  Release,
  Report,
  SigningStatus,
  VersionScheme,
} from "airwaybill";
import type { ReportFormat } from "airwaybill/report";

import type { ListingDocument } from "../../package/release-preview.js";

export type { Acceptance, CheckSettings, Content, DstPaths, Firmware, Notice, PlanRequest, Release, Report, ReportFormat, VersionScheme };

/**
 * One file with its path from the top directory; null when it disappeared after it was listed. Without one, a path that ends in `/`
 * is that of an empty directory.
 */
export interface Source {
  path: string;
  file: Blob | null;
}

/** Which part of a folder or a zip is meant, and as what. */
export interface Part {
  /** The directory in it: empty, or with a `/` at its end. */
  inside: string;
  /** The release whose content it is; null if it has releases. */
  as: string | null;
}

/** How a folder or a zip is to be opened. */
export interface Wish extends Part {
  /** Whether its releases are candidates on top of those of the server. */
  onTop: boolean;
}

/** A folder or a zip, as an address names it. */
export interface SourceName extends Wish {
  kind: "folder" | "zip";
  name: string;
  /** The start of a SHA-1 of its listing. */
  digest: string;
}

/** The address of a server's listing, or a listing that the page around has, and where its files are; null if they are nowhere. */
export type Published = string | { listing: ListingDocument; root: string | null };

/** What is read besides a folder or a zip: the server's listing, where there is a server, and in which order versions are. */
export interface Around {
  listing: Published | null;
  scheme: VersionScheme | null;
  /** Whether the listing is read anew. */
  fresh: boolean;
}

/** A folder or a zip that was not opened: there is nothing to show of it. */
export interface Refusal {
  refused: {
    kind: SourceName["kind"];
    name: string;
    /** Directories in it that have releases, each with a `/` at its end. */
    inside: string[];
    /** Where it has the content of a release, and the name that this release might have; null if it has none. */
    content: { inside: string; as: string } | null;
    /** Whether it has firmware images. */
    images: boolean;
    /** Why its releases are not offered. */
    reasons: Notice[];
  };
}

/** Releases and images that are on top of those of the server. */
export interface Candidates {
  versions: readonly string[];
  /** Paths from the top directory. */
  images: readonly string[];
  /** Those that are here in place of what the server has under the same name. */
  replacing: readonly string[];
}

/** A release or an image that is still being copied onto the server, as far as it has come. */
export interface Settling {
  name: string;
  files: number;
  bytes: number;
}

/** What is said of a server while its releases are shown. */
export interface Look {
  /** Whether anything has changed since they were read, but for what is being copied. */
  changed: boolean;
  settling: Settling[];
}

/** Whether a server's releases and images are valid for devices that have the newest of its keys. */
export interface ServerSigned {
  /** Whether it offers only what is. */
  only: boolean;
  list: SigningStatus[];
  /** Why none of its keys hold. */
  problem: Notice | null;
}

/** The code of the finding that `check.toml` cannot be used. */
export const SETTINGS_INVALID = "settings_invalid";

/** One of the engine, or of whoever read `check.toml`. */
export type FoundFinding = Omit<Finding, "code"> & { code: string };

export interface FindingsAnswer {
  findings: FoundFinding[];
  /** What `check.toml` accepts. */
  accepted: readonly Acceptance[];
  /** The release that was checked; null if there is none. */
  target: string | null;
  /** The one that devices are on; null if there is none. */
  from: string | null;
  /** How many files should have been looked into and were not. */
  unread: number;
}

/** A release or an image, and whether devices with keys take it. */
export interface SignedRelease {
  path: string;
  /** Of its waybill; null if that cannot be read. */
  sequence: number | null;
  expires: string | null;
  /** The comments, or else the fingerprints, of the keys that signed it. */
  by: string[];
  /** Why devices refuse it; none if they take it. */
  reasons: Notice[];
  /** Signatures that do not count, and why. */
  skipped: Notice[];
}

export interface SignedAnswer {
  /** Those that devices have; null if that is not known. */
  keys: { number: number; product: string } | null;
  /** Whether nothing else is offered. */
  onlyValid: boolean;
  list: SignedRelease[];
  /** Why nothing can be said. */
  problem: Failure | null;
}

/** What is open, as the engine sees it. */
export interface Overview {
  /** What was given of it; null if these are the server's releases. */
  source: SourceName | null;
  candidates: Candidates;
  /** Increases with each source that is opened and each change of options. */
  generation: number;
  name: string;
  kind: "server" | "folder" | "zip";
  releases: Release[];
  firmware: Firmware[];
  ignored: Notice[];
  warnings: Notice[];
  entries: number;
  bytes: number;
  scheme: VersionScheme;
  /** The one that was chosen; null is the server's. */
  chosenScheme: VersionScheme | null;
  ignore: readonly string[];
  protect: readonly string[];
  /** How the server answers that was open last. */
  server: { baseUrl: string; dstPaths: DstPaths } | null;
  /** Null where nothing is signed and nobody has keys, or a server does not tell. */
  signed: SignedAnswer | null;
  /** Without a release: a directory here that has some. */
  below: string | null;
  /** What is still changing: a device may already be on such a release. */
  settling: readonly Settling[];
}

export const KINDS = ["delete", "new", "update", "flash", "same", "protected"] as const;
export type Kind = (typeof KINDS)[number];

/** The files of a plan as columns, sorted by path, and the image that is flashed, at its path after a `/`. Paths have no line break: the engine refuses them. */
export interface Rows {
  count: number;
  /** Index into `KINDS`. */
  kinds: Uint8Array;
  /** Joined by line breaks. */
  paths: string;
  /** Bytes in the target; for a deleted file, on the device; NaN for a protected one, which stays as it is. */
  sizes: Float64Array;
  /** Bytes on the device; NaN if it has no such file or that is not known. */
  before: Float64Array;
  /** Where the content of a file that is deleted is new, and the reverse: that row, or -1. */
  moved: Int32Array;
}

/** Why a device has nothing to do. */
export interface Nothing {
  /** The release that was asked for, or the highest. */
  target: string;
  /** It is on the target already, on a higher one, or the target has the same files. */
  files: "on_target" | "higher" | "same";
  /** There is no image; none is newer than a version; or the device does not send its firmware version. */
  firmware: { why: "no_image" } | { why: "not_named"; image: string } | { why: "not_higher"; image: string; than: string };
}

export interface PlanAnswer {
  /** What the plan was made for. */
  request: PlanRequest;
  /** Whether the device's files are known. */
  known: boolean;
  /** Whether there is a plan. Without one, the rows are what the device has and keeps. */
  some: boolean;
  /** Why there is none; null if there is one, or no release at all. */
  nothing: Nothing | null;
  version: string | null;
  previous: string | null;
  counts: Record<Kind, number>;
  download: number;
  /** Bytes to download with patches; the same without any. */
  patched: number;
  firmware: Firmware | null;
  rows: Rows;
}

export interface ManifestAnswer {
  text: string;
  bytes: number;
}

export interface Side extends Content {
  /** Path from the top directory. */
  path: string;
}

export const DIFF_KINDS = ["same", "removed", "added"] as const;
export type DiffKind = (typeof DIFF_KINDS)[number];

/** All lines of two texts, in the order in which they are shown. */
export interface Difference {
  /** Index into `DIFF_KINDS`, one for each line. */
  kinds: Uint8Array;
  /** The lines, joined by line breaks; of those that are the same, that of the second text. */
  texts: string;
  /** What differs within lines, three numbers each, in order: the line, and its characters from one up to another. */
  words: Uint32Array;
  added: number;
  removed: number;
  /** Whether there are more differences after the first: the texts are too different to compare them in time. */
  isCut: boolean;
}

export interface LineEnds {
  /** Null if there are none. */
  style: "lf" | "crlf" | "mixed" | null;
  /** Whether the last line has one; null if there is no line. */
  isFinal: boolean | null;
}

export interface FileAnswer {
  kind: "file";
  path: string;
  /** The releases of the two sides; null for a device without a version. */
  from: string | null;
  to: string | null;
  before: Side | null;
  after: Side | null;
  /** Whether the device's files are known. */
  known: boolean;
  /** Whether no plan touches the file. */
  kept: boolean;
  /** Null if one side is not text, cannot be read or is too large. */
  difference: Difference | null;
  /** Of a text that is on both sides. */
  lineEnds: readonly [before: LineEnds, after: LineEnds] | null;
  /** Why there is no difference to show. */
  note: "not_known" | "too_large" | "binary" | "line_ends" | null;
  /** Why the contents could not be read. */
  trouble: Failure | null;
}

/** The firmware that is flashed. */
export interface ImageAnswer {
  kind: "image";
  path: string;
  /** Null if the plan does not flash it. */
  image: Firmware | null;
  sha256: string | null;
  /** What the device has: the firmware version that it names, or else that of its release (rule P5); null if it names neither. */
  than: string | null;
  isNamed: boolean;
  /** The image of that version, if it is here. */
  replaced: Firmware | null;
  /** Why it could not be read. */
  trouble: Failure | null;
}

export type DetailAnswer = FileAnswer | ImageAnswer;

/** Row `from` of the matrix: bytes by target, NaN if a device gets nothing, -1 if the engine refuses. */
export interface MatrixRow {
  row: number;
  bytes: Float64Array;
  /** The same with patches; null where there are none. */
  patched: Float64Array | null;
  /** What else takes time: the bytes of the manifest, and the files to fetch; null unless it was asked for. */
  load: { manifests: Float64Array; files: Float64Array } | null;
}

export interface CompareAnswer {
  url: string;
  bytes: number;
  /** Null if they are the same, byte for byte. */
  difference: Difference | null;
}

export interface Render {
  baseUrl: string;
  dstPaths: DstPaths;
  format: 1 | 2 | 3;
}

export interface VerifyRow {
  kind: "right" | Report["problems"][number]["kind"];
  path: string;
  expected: Content | null;
  found: Content | null;
}

export interface VerifyAnswer {
  checked: number;
  problems: number;
  /** Every file that was checked or found, sorted by path. */
  rows: VerifyRow[];
}

/** What can be asked; each answers with a promise. A `scheme` of null is that of the server, a wish of null the usual one. */
export interface Methods {
  openServer(published: Published, scheme: VersionScheme | null): Overview;
  /** Takes files of a folder, in any number of calls before `openFolder` or a check. */
  addFiles(files: Source[]): void;
  openFolder(name: string, wish: Wish | null, around: Around): Overview | Refusal;
  /** A zip or, null, a manifest. */
  openFile(file: File, wish: Wish | null, around: Around): Overview | Refusal | null;
  /** What was given under this name before; null if it is no longer there. */
  openAgain(given: Pick<SourceName, "kind" | "name">, wish: Wish, around: Around): Overview | Refusal | null;
  choose(scheme: VersionScheme | null): Overview;
  cancel(): void;
  plan(request: PlanRequest): PlanAnswer;
  manifest(request: PlanRequest, render: Render): ManifestAnswer;
  /** A file, or the image that is flashed; white space may be ignored where lines are compared. */
  file(request: PlanRequest, path: string, ignoresSpace: boolean): DetailAnswer;
  /** The check of a release, null for the highest, for devices on another, null for the one below it. */
  findings(target: string | null, from: string | null): FindingsAnswer;
  /** The document to hand over; without a base URL it names none. */
  report(format: ReportFormat, request: PlanRequest, baseUrl: string | null): string;
  /** The rows come as events; with what takes time if it says how manifests are written. */
  matrix(key: string, request: Pick<PlanRequest, "firmwareVersion" | "allowDowngrade">, load: Render | null): void;
  compare(request: PlanRequest, render: Render, server: string): CompareAnswer;
  /** Y1; against the files that were added, or against the open releases if `own`. */
  verifyContent(manifest: Blob, own: boolean): VerifyAnswer;
  /** Y2; against a listing, or the files that were added when it is null. */
  verifyDevice(version: string, listing: Blob | null): VerifyAnswer;
  /** What has become of the server's releases; null if nothing has changed since the last look. */
  look(listing: string): Look | null;
}

export type Event =
  | { event: "progress"; what: string; done: number; total: number }
  | { event: "matrix"; key: string; rows: MatrixRow[]; done: boolean };

export interface Failure {
  code: string;
  message: string;
}

/** `generation` says which source and options an answer was made with. */
export type Answer = { id: number } & ({ value: unknown; generation: number } | { error: Failure });
