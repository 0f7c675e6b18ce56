export { Catalog, DevicePath, Filter, Hasher, Manifest, Version, sha1, verifyContent, verifyDevice } from "./engine.js";
export type {
  CatalogOptions,
  Content,
  DirectoryEntry,
  Entry,
  FileEntry,
  FileRecord,
  Firmware,
  FirmwareEntry,
  LinkEntry,
  ManifestDocument,
  ManifestOptions,
  Notice,
  Plan,
  PlanFile,
  PlanRequest,
  Problem,
  Release,
  Report,
  UnreadEntry,
} from "./engine.js";
export type { Code } from "./failure.js";
export type { BlobLike } from "./hash-batch.js";
export type { FileLike, HashFiles, HashFilesOptions, Progress, SignalLike, Source } from "./hash-files.js";
