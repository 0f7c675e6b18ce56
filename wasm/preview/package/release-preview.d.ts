/** Which views there may be. */
export type Tab = "plan" | "matrix" | "manifest" | "check" | "releases";

/** A file or directory of the releases, by its path from the top directory. */
export type Entry =
  | { path: string; size: number; sha1: string; sha256?: string; mtime?: number }
  /** A symbolic link. */
  | { path: string; link: string | null }
  /** A file that could not be read, and why. */
  | { path: string; unread: string }
  /** An empty directory. */
  | { path: `${string}/` };

/** What a server with such releases would be started with. */
export interface ListingOptions {
  scheme?: "loose" | "semver" | "pep440";
  ignore?: readonly string[];
  protect?: readonly string[];
  include?: readonly string[];
  keep?: readonly string[];
}

/** How bad it is that a check found this, where, and what to do. */
export interface Finding {
  level: "error" | "warning" | "hint";
  path: string;
  code: string;
  message: string;
  advice: string;
}

/** Releases, as `/_preview/listing.json` of a server has them; nothing but `entries` need be there. */
export interface ListingDocument {
  entries: readonly Entry[];
  /** Where devices fetch from, `http://192.168.1.144:8000`. */
  base_url?: string;
  dst_paths?: "relative" | "absolute";
  options?: ListingOptions;
  /** What was found of the highest release, for devices on the one below. Without it the check knows names and sizes only. */
  findings?: readonly Finding[];
}

/** A file with its path from the top directory. */
export interface PlacedFile {
  path: string;
  file: Blob;
}

/** A zip, a firmware image or a manifest; a folder; or files: those of an `<input webkitdirectory>` have that folder as the top directory. */
export type Given = File | FileSystemFileHandle | FileSystemDirectoryHandle | Iterable<File | PlacedFile>;

/** What is shown. */
export interface Source {
  /** `listing`: the property of that name. */
  kind: "server" | "listing" | "folder" | "zip";
  /** The server's host, or the name of the folder or the zip. */
  name: string;
  /** Versions, lowest first. */
  releases: string[];
  /** Paths of firmware images, lowest version first. */
  firmware: string[];
  /** Which of these are not on the server, but of a folder or a zip on top of it. */
  candidates: string[];
}

export interface Counts {
  delete: number;
  new: number;
  update: number;
  same: number;
  protected: number;
}

/** What the chosen device gets. */
export interface Plan {
  /** The device's version; null for one without. */
  from: string | null;
  /** The version that it gets; null if it has nothing to do. */
  to: string | null;
  /** Files. */
  counts: Counts;
  /** Bytes, firmware included: all files whole, and with the patches that are there. */
  download: number;
  patched: number;
  firmware: { version: string; path: string; size: number; sha1: string } | null;
}

export interface ReleasePreviewEventMap {
  /** Other releases are shown; null: none. */
  "source-change": CustomEvent<Source | null>;
  /** Another plan is shown; null: there is none, and the page says why. */
  "plan-change": CustomEvent<Plan | null>;
  /** Another view is shown; `isStep`: one would go back from it. */
  "view-change": CustomEvent<{ isStep: boolean }>;
}

/** The element `<release-preview>`: what every device will get from a directory of releases. */
export class ReleasePreview extends HTMLElement {
  /** Attribute `server`: the address of an airwaybill server, for its releases and for comparing with it. */
  server: string | null;
  /** Releases that are shown instead of the server's. */
  listing: ListingDocument | null;
  /** Attribute `tabs`: the views that there are, in their order, separated by blanks; all of them without it. */
  tabs: string | null;
  /** Attribute `heading-level`: that of the component's first heading, by default 1. */
  headingLevel: number;
  /** What is shown, as text behind the `#` of an address. */
  view: string;
  /** What is shown, for a title: `Plan 1.0.0 → 1.0.1 · 192.168.1.144:8000`. */
  readonly caption: string;

  /**
   * Opens files as if a person had given them; it is done when they are shown, or when the component says why they are not.
   *
   * @param name of the folder, where the files do not say it
   * @throws `TypeError` if that is nothing to open, `InvalidStateError` while the element is in no document
   */
  open(given: Given, name?: string): Promise<void>;

  addEventListener<Name extends keyof ReleasePreviewEventMap>(
    type: Name,
    listener: (this: ReleasePreview, event: ReleasePreviewEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<Name extends keyof HTMLElementEventMap>(
    type: Name,
    listener: (this: ReleasePreview, event: HTMLElementEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<Name extends keyof ReleasePreviewEventMap>(
    type: Name,
    listener: (this: ReleasePreview, event: ReleasePreviewEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener<Name extends keyof HTMLElementEventMap>(
    type: Name,
    listener: (this: ReleasePreview, event: HTMLElementEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "release-preview": ReleasePreview;
  }
}
