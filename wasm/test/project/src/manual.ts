import { Version, init, type Catalog } from "airwaybill/manual";

export async function order(module: WebAssembly.Module): Promise<-1 | 0 | 1> {
  await init(module);
  return new Version("1.0.2").compare(new Version("1.0.10"));
}

export type { Catalog };
