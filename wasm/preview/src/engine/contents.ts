// Where the bytes of a listing's files come from.

import type { Source } from "./protocol.js";
import type { Zip } from "./zip.js";

/** The bytes of a file by its path from the top directory; null where they are not to be had. */
export interface Contents {
  read(path: string): Promise<Blob | null>;
}

export class FolderContents implements Contents {
  #files: Map<string, Blob | null>;

  constructor(sources: readonly Source[]) {
    this.#files = new Map(sources.map(({ path, file }) => [path, file]));
  }

  async read(path: string): Promise<Blob | null> {
    return this.#files.get(path) ?? null;
  }
}

export class ZipContents implements Contents {
  constructor(private zip: Zip) {}

  async read(path: string): Promise<Blob | null> {
    const bytes = await this.zip.content(path);
    return bytes === null ? null : new Blob([bytes]);
  }
}

export class ServerContents implements Contents {
  /** `root` is the server's address with a `/` at its end. */
  constructor(private root: string) {}

  async read(path: string): Promise<Blob | null> {
    const url = this.root + path.split("/").map(encodeURIComponent).join("/");
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the server answers ${response.status} for ${path}; reload the releases`);
    return response.blob();
  }
}
