export { Catalog, DevicePath, Filter, Hasher, Manifest, Version, sha1, verifyContent, verifyDevice } from "./engine.js";
export type {
  CatalogOptions,
  Content,
  DstPaths,
  Entry,
  FileEntry,
  FileRecord,
  Firmware,
  FirmwareEntry,
  ManifestDocument,
  ManifestOptions,
  Notice,
  Plan,
  PlanFile,
  PlanRequest,
  Problem,
  ProblemKind,
  Release,
  Report,
  Sha1Digest,
  VersionScheme,
} from "./engine.js";
export type { Code } from "./failure.js";
export type { BlobLike } from "./hash-batch.js";
export type { FileLike, HashFiles, HashFilesOptions, Progress, SignalLike, Source } from "./hash-files.js";
