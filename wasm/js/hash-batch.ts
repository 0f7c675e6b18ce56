import { Hasher, sha1 } from "./engine.js";
import { reason } from "./failure.js";

/** The part of a `Blob` that hashing uses: the platform's, or a library's such as jsdom's. */
export interface BlobLike {
  /** In bytes. */
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
  stream(): { getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>; cancel(): Promise<void> } };
}

/** Files for one worker, each with its place in the listing. */
export type Batch = { index: number; file: BlobLike; sha256: boolean }[];

export type Outcome = { index: number } & (Read | { unread: string });

interface Read {
  size: number;
  sha1: string;
  sha256?: string;
}

/** A worker's message: bytes read since the last one, and finished files. */
export interface Answer {
  read: number;
  outcomes: Outcome[];
  /** Whether the batch is finished. */
  last: boolean;
}

/** Files up to this size are read at once; longer ones are streamed. */
const WHOLE_BYTES = 256 * 1024;
/** How many small files are read at the same time: reading is mostly waiting. */
const TOGETHER = 16;
const REPORT_BYTES = 4 * 1024 * 1024;

/** Hashes a batch, unless `ended` returns true in between; only a few pieces are in memory at a time. */
export async function hash(batch: Batch, tell: (answer: Answer) => void, ended = () => false): Promise<void> {
  const outcomes: Outcome[] = [];
  let read = 0;
  for (let start = 0; start < batch.length && !ended(); ) {
    const { index, file, sha256 } = batch[start]!;
    if (isLong(file)) {
      const told = (bytes: number) => tell({ read: bytes, outcomes: [], last: false });
      outcomes.push({ index, ...(await outcome(file, () => streamed(file, sha256, told, ended))) });
      start += 1;
      continue;
    }
    let end = start + 1;
    while (end < batch.length && end < start + TOGETHER && !isLong(batch[end]!.file)) end += 1;
    const reading = batch.slice(start, end).map(async ({ index, file, sha256 }) => {
      read += file.size;
      return { index, ...(await outcome(file, () => whole(file, sha256))) };
    });
    outcomes.push(...(await Promise.all(reading)));
    start = end;
  }
  tell({ read, outcomes, last: true });
}

/** Blobs of jsdom have no `stream`. */
const isLong = (file: BlobLike) => file.size > WHOLE_BYTES && typeof file.stream === "function";

async function outcome(file: BlobLike, read: () => Promise<Read>): Promise<Read | { unread: string }> {
  try {
    const content = await read();
    return content.size === file.size ? content : { unread: "changed while it was read" };
  } catch (error) {
    return { unread: reason(error) };
  }
}

async function whole(file: BlobLike, wantsSha256: boolean): Promise<Read> {
  const content = new Uint8Array(await (typeof file.arrayBuffer === "function" ? file.arrayBuffer() : byReader(file)));
  const read = { size: content.length, sha1: sha1(content) };
  if (!wantsSha256) return read;
  const hasher = new Hasher("sha256");
  hasher.update(content);
  const sha256 = hasher.finish();
  hasher.free();
  return { ...read, sha256 };
}

/** Blobs of jsdom before version 29 have no `arrayBuffer`. */
const byReader = (file: BlobLike) =>
  new Promise<ArrayBuffer>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as ArrayBuffer);
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(file as Blob);
  });

async function streamed(file: BlobLike, wantsSha256: boolean, tell: (bytes: number) => void, ended: () => boolean): Promise<Read> {
  const [sha1, sha256] = [new Hasher(), wantsSha256 ? new Hasher("sha256") : null];
  try {
    const reader = file.stream().getReader();
    let size = 0;
    let told = 0;
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      if (ended()) {
        await reader.cancel();
        break;
      }
      sha1.update(value!);
      sha256?.update(value!);
      size += value!.length;
      if (size - told >= REPORT_BYTES) {
        tell(size - told);
        told = size;
      }
    }
    tell(size - told);
    return { size, sha1: sha1.finish(), ...(sha256 && { sha256: sha256.finish() }) };
  } finally {
    sha1.free();
    sha256?.free();
  }
}
