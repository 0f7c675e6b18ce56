import type { Entry } from "./engine.js";
import { failure } from "./failure.js";
import type { Answer, Batch, BlobLike } from "./hash-batch.js";
import { hashInPlace } from "./hash-in-place.js";

/** The part of a `File` that hashing uses. */
export interface FileLike extends BlobLike {
  readonly name: string;
  readonly webkitRelativePath?: string;
  /** Milliseconds since 1970. */
  readonly lastModified?: number;
}

/** The part of an `AbortSignal` that hashing uses. */
export interface SignalLike {
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A file from an `<input webkitdirectory>`, or any content with its path from the top directory. */
export type Source = FileLike | { path: string; file: BlobLike };

/** The progress of hashing. */
export interface Progress {
  /** Bytes read so far. */
  done: number;
  /** Bytes of all files to read. */
  total: number;
}

/** Options of `hashFiles`. */
export interface HashFilesOptions {
  /** Called as bytes are read, and once at the end. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** The number of workers, by default that of the processors; 0 hashes on the calling thread. */
  concurrency?: number | undefined;
  /** Whether entries have the `sha256` too, which signed releases are verified with. */
  sha256?: boolean | undefined;
  /** Cancels the work; the promise is then rejected with the signal's reason. */
  signal?: SignalLike | undefined;
  /** A `Filter`: files that it does not read are listed but not hashed, and the times that matter are listed. */
  filter?: { reads(path: string): boolean; needsMtime?(path: string, mtime: number): boolean } | undefined;
}

/**
 * Hashes files in workers and returns the listing for `Catalog.fromListing`, in the order of `files`. A file that
 * cannot be read becomes an `unread` entry. Without workers, and for files that cannot be passed to a worker, such as
 * those of jsdom, it hashes on the calling thread.
 *
 * @throws `field_type`; `worker_unavailable`; `init_missing`; the signal's reason; what `onProgress` throws
 */
export type HashFiles = (files: Iterable<Source>, options?: HashFilesOptions) => Promise<Entry[]>;

/** Starts a worker that hashes batches. */
export type Spawn = (
  listen: (answer: Answer) => void,
  fail: (error: Error) => void,
) => { post(batch: Batch): void; end(): void };

/** The environment in which files are hashed. */
export interface Host {
  /** Starts a worker; undefined if there are no workers. */
  spawn(): Spawn | undefined;
  /** Whether the file can be passed to a worker. */
  crosses(file: BlobLike): boolean;
  processors(): number;
}

const BATCH_FILES = 64;
const BATCH_BYTES = 4 * 1024 * 1024;
/** One batch being hashed and one waiting, so that no worker waits for the page. */
const BATCHES_A_WORKER = 2;

export const hashFilesWith =
  (host: Host): HashFiles =>
  (files, options = {}) =>
    new Promise((resolve, reject) => {
      const { onProgress, signal, filter, sha256 = false, concurrency = host.processors() } = options;
      signal?.throwIfAborted();
      if (!(concurrency >= 0)) throw failure("field_type", `concurrency: expected a number of workers, found ${concurrency}`);
      const spawn = host.spawn();
      const listing: Entry[] = [];
      const mtimes = new Map<number, { mtime: number }>();
      const abroad: Batch = [];
      const here: Batch = [];
      if (typeof files?.[Symbol.iterator] !== "function") throw failure("field_type", "files: expected a list");
      for (const source of files) {
        const { path, file } = located(source);
        const index = listing.push({ path, unread: "ignored by its name" }) - 1;
        if (filter !== undefined && !filter.reads(path)) continue;
        const mtime = Math.floor(((file as FileLike).lastModified ?? NaN) / 1000);
        if (mtime >= 0 && filter?.needsMtime?.(path, mtime)) mtimes.set(index, { mtime });
        (spawn !== undefined && concurrency >= 1 && host.crosses(file) ? abroad : here).push({ index, file, sha256 });
      }
      const total = [...abroad, ...here].reduce((sum, { file }) => sum + file.size, 0);
      let done = 0;
      let open = 0;

      const workers: ReturnType<Spawn>[] = [];
      const end = () => {
        signal?.removeEventListener("abort", abort);
        for (const worker of workers) worker.end();
      };
      const fail = (error: unknown) => {
        end();
        reject(error);
      };
      const abort = () => fail(signal?.reason);
      const finish = () => {
        end();
        onProgress?.({ done: total, total });
        resolve(listing);
      };
      const take = (answer: Answer, feed: () => void) => {
        try {
          for (const { index, ...outcome } of answer.outcomes) {
            const { path } = listing[index]!;
            listing[index] = "unread" in outcome ? { path, ...outcome } : { path, ...outcome, ...mtimes.get(index) };
          }
          done += answer.read;
          if (answer.last) {
            open -= 1;
            feed();
            if (open === 0) return finish();
          }
          onProgress?.({ done: Math.min(done, total), total });
        } catch (error) {
          fail(error);
        }
      };
      const run = (spawn: Spawn, count: number, queue: Batch) => {
        const waiting = batches(queue);
        const feed = (worker: ReturnType<Spawn>) => {
          const { value: batch } = waiting.next();
          if (batch === undefined) return;
          open += 1;
          worker.post(batch);
        };
        const own = Array.from({ length: Math.min(count, queue.length) }, () => {
          const worker: ReturnType<Spawn> = spawn((answer) => take(answer, () => feed(worker)), fail);
          workers.push(worker);
          return worker;
        });
        for (let round = 0; round < BATCHES_A_WORKER; round += 1) own.forEach(feed);
      };

      signal?.addEventListener("abort", abort);
      try {
        if (spawn !== undefined) run(spawn, Math.trunc(concurrency), abroad);
        run(hashInPlace, 1, here);
        if (open === 0) finish();
      } catch (error) {
        fail(error);
      }
    });

function* batches(queue: Batch): Generator<Batch, undefined> {
  for (let next = 0; next < queue.length; ) {
    const batch: Batch = [];
    for (let bytes = 0; next < queue.length && batch.length < BATCH_FILES && bytes < BATCH_BYTES; next += 1) {
      batch.push(queue[next]!);
      bytes += queue[next]!.file.size;
    }
    yield batch;
  }
}

/** A picked directory is the top directory: its own name is not part of the paths. */
function located(source: Source): { path: string; file: BlobLike } {
  if (isBlob(source)) {
    const { name, webkitRelativePath: relative } = source as FileLike;
    if (typeof name === "string") return { path: relative ? relative.slice(relative.indexOf("/") + 1) : name, file: source };
  } else if (typeof source?.path === "string" && isBlob(source.file)) {
    return source;
  }
  throw failure("field_type", "files: expected File objects, or objects with path and file");
}

/** Recognizes blobs of any realm or library. */
function isBlob(value: unknown): value is BlobLike {
  const blob = value as { size?: unknown; slice?: unknown } | null | undefined;
  return typeof blob?.size === "number" && typeof blob.slice === "function";
}
