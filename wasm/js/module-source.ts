/** A response of `fetch`. */
export interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  readonly url: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** The engine's module: its URL, a response with it, its bytes, or a compiled `WebAssembly.Module`. */
export type ModuleSource = string | { readonly href: string } | ResponseLike | ArrayBuffer | ArrayBufferView | object;
