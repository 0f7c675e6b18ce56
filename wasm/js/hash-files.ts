import type { Entry } from "./engine.js";
import type { Answer, Batch } from "./hash-batch.js";

/** A file as an `<input webkitdirectory>` gives it, or any content with its path from the top directory. */
export type Source = File | { path: string; file: Blob };

/** How far hashing is. */
export interface Progress {
  /** Bytes that were read. */
  done: number;
  /** Bytes of all files that are to be read. */
  total: number;
}

/** How files are hashed. */
export interface HashFilesOptions {
  /** Called as bytes are read, and once at the end. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** How many workers; as many as the device has processors when absent. */
  concurrency?: number | undefined;
  /** Ends the work; the promise is then rejected with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** A `Filter`: a file that it does not read is listed and not hashed. */
  filter?: { reads(path: string): boolean } | undefined;
}

/**
 * Hashes files in workers and gives the listing that `Catalog.fromListing` takes, in the order of `files`. A file that
 * cannot be read becomes an entry that says so.
 *
 * @throws `field_type`; the signal's reason; what stopped a worker
 */
export type HashFiles = (files: Iterable<Source>, options?: HashFilesOptions) => Promise<Entry[]>;

/** Starts a worker. */
export type Spawn = (
  listen: (answer: Answer) => void,
  fail: (error: Error) => void,
) => { post(batch: Batch): void; end(): void };

const BATCH_FILES = 64;
const BATCH_BYTES = 4 * 1024 * 1024;
/** One batch to hash and one that waits, so that no worker waits for the page. */
const BATCHES_A_WORKER = 2;

export const hashFilesWith =
  (spawn: Spawn, processors: () => number): HashFiles =>
  (files, options = {}) =>
    new Promise((resolve, reject) => {
      const { onProgress, signal, filter, concurrency = processors() } = options;
      signal?.throwIfAborted();
      const listing: Entry[] = [];
      const queue: { index: number; path: string; file: Blob }[] = [];
      if (typeof files?.[Symbol.iterator] !== "function") throw wrongType("files", "should be a list");
      for (const source of files) {
        const { path, file } = located(source);
        if (filter === undefined || filter.reads(path)) queue.push({ index: listing.length, path, file });
        listing.push({ path, unread: "left out by its name" });
      }
      const total = queue.reduce((sum, { file }) => sum + file.size, 0);
      let done = 0;
      let next = 0;
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
      const feed = (worker: ReturnType<Spawn>) => {
        const batch: Batch = [];
        for (let bytes = 0; next < queue.length && batch.length < BATCH_FILES && bytes < BATCH_BYTES; next += 1) {
          const { index, file } = queue[next]!;
          batch.push({ index, file });
          bytes += file.size;
        }
        if (batch.length === 0) return;
        open += 1;
        worker.post(batch);
      };
      const listen = (worker: () => ReturnType<Spawn>) => (answer: Answer) => {
        try {
          for (const { index, ...outcome } of answer.outcomes) listing[index] = { path: listing[index]!.path, ...outcome };
          done += answer.read;
          if (answer.last) {
            open -= 1;
            feed(worker());
            if (open === 0) return finish();
          }
          onProgress?.({ done: Math.min(done, total), total });
        } catch (error) {
          fail(error);
        }
      };

      signal?.addEventListener("abort", abort);
      try {
        const wanted = Math.min(Math.max(1, Math.trunc(concurrency) || 1), queue.length);
        while (workers.length < wanted) {
          const worker: ReturnType<Spawn> = spawn(listen(() => worker), fail);
          workers.push(worker);
        }
        for (let round = 0; round < BATCHES_A_WORKER; round += 1) workers.forEach(feed);
        if (open === 0) finish();
      } catch (error) {
        fail(error);
      }
    });

const wrongType = (place: string, wanted: string) => Object.assign(new Error(`${place}: ${wanted}`), { code: "field_type" });

/** A picked directory is the top directory: its own name is not part of the paths. */
function located(source: Source): { path: string; file: Blob } {
  if (!(source instanceof Blob)) {
    if (typeof source?.path === "string" && source.file instanceof Blob) return source;
    throw wrongType("files", "should be File objects, or objects with path and file");
  }
  const relative = source.webkitRelativePath;
  return { path: relative ? relative.slice(relative.indexOf("/") + 1) : source.name, file: source };
}
