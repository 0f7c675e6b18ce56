import { Hasher, sha1 } from "./engine.js";

/** Files for one worker, each with its place in the listing. */
export type Batch = { index: number; file: Blob }[];

export type Outcome = { index: number } & ({ size: number; sha1: string } | { unread: string });

/** From a worker: bytes read since the last message, and what became of files. */
export interface Answer {
  read: number;
  outcomes: Outcome[];
  /** Whether the batch is through. */
  last: boolean;
}

/** Up to this many bytes a file is read at once; a longer one is streamed. */
const WHOLE_BYTES = 256 * 1024;
/** Reading costs mostly waiting: so many small files wait together. */
const TOGETHER = 16;
const REPORT_BYTES = 4 * 1024 * 1024;

/** Hashes a batch; memory holds no more than a few pieces at a time. */
export async function hash(batch: Batch, tell: (answer: Answer) => void): Promise<void> {
  const outcomes: Outcome[] = [];
  let read = 0;
  for (let start = 0; start < batch.length; ) {
    const { index, file } = batch[start]!;
    if (file.size > WHOLE_BYTES) {
      const told = (bytes: number) => tell({ read: bytes, outcomes: [], last: false });
      outcomes.push({ index, ...(await outcome(file, () => streamed(file, told))) });
      start += 1;
      continue;
    }
    let end = start + 1;
    while (end < batch.length && end < start + TOGETHER && batch[end]!.file.size <= WHOLE_BYTES) end += 1;
    const reading = batch.slice(start, end).map(async ({ index, file }) => {
      read += file.size;
      return { index, ...(await outcome(file, () => whole(file))) };
    });
    outcomes.push(...(await Promise.all(reading)));
    start = end;
  }
  tell({ read, outcomes, last: true });
}

type Read = { size: number; sha1: string };

async function outcome(file: Blob, read: () => Promise<Read>): Promise<Read | { unread: string }> {
  try {
    const content = await read();
    return content.size === file.size ? content : { unread: "changed while it was read" };
  } catch (error) {
    return { unread: error instanceof Error ? error.message : String(error) };
  }
}

async function whole(file: Blob): Promise<Read> {
  const content = new Uint8Array(await file.arrayBuffer());
  return { size: content.length, sha1: sha1(content) };
}

async function streamed(file: Blob, tell: (bytes: number) => void): Promise<Read> {
  const hasher = new Hasher();
  try {
    const reader = file.stream().getReader();
    let size = 0;
    let told = 0;
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      hasher.update(piece.value);
      size += piece.value.length;
      if (size - told >= REPORT_BYTES) {
        tell(size - told);
        told = size;
      }
    }
    tell(size - told);
    return { size, sha1: hasher.finish() };
  } finally {
    hasher.free();
  }
}
