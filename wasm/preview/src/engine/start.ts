// Starts the worker of the engine. A page from another origin than this code starts one of its own, which imports it: browsers start no other.

import engine from "airwaybill/engine.wasm?url";
import reporting from "airwaybill/report.wasm?url";
import hashing from "airwaybill/worker?worker&url";

import worker from "./worker.ts?worker&url";

/** Where the worker's modules are, and what hashes files. */
export interface Modules {
  engine: string;
  reporting: string;
  hashing: string;
}

export function startWorker(): Worker {
  const started = new Worker(startable(worker), { type: "module", name: "airwaybill engine" });
  const modules: Modules = { engine: absolute(engine).href, reporting: absolute(reporting).href, hashing: startable(hashing) };
  started.postMessage(modules);
  return started;
}

const importing = new Map<string, string>();

/** An address of a worker's code that this page may start. */
function startable(url: string): string {
  const { href, origin } = absolute(url);
  if (origin === self.origin) return href;
  const known = importing.get(href);
  if (known !== undefined) return known;
  const own = URL.createObjectURL(new Blob([`import ${JSON.stringify(href)};`], { type: "text/javascript" }));
  importing.set(href, own);
  return own;
}

const absolute = (url: string) => new URL(url, document.baseURI);
