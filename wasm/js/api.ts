export { Catalog, DevicePath, Filter, Hasher, Manifest, Version, peek, sha1, verifyContent, verifyDevice } from "./engine.js";
export type {
  Accept,
  CatalogOptions,
  CheckRequest,
  Content,
  DstPaths,
  Entry,
  ExpectedFirmware,
  FileEntry,
  FileRecord,
  Finding,
  Firmware,
  FirmwareEntry,
  Level,
  ManifestDocument,
  ManifestOptions,
  Notice,
  Peek,
  PeekImage,
  PeekText,
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
