import { fileURLToPath } from "node:url";

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Of the npm package's sources. */
export const root = folder("../");
export const target = `${process.env["CARGO_TARGET_DIR"] ?? folder("../../target")}/`;
/** Where the tarball is. */
export const packed = `${target}npm/`;
/** A project with nothing but the package in it. */
export const project = `${target}npm/project/`;
export const installed = `${project}node_modules/airwaybill/`;
/** One with the bundlers and runtimes that take long to install, which `make consumers` does. */
export const consumers = `${target}npm/consumers/`;
export const vectors = folder("../../tests/vectors/");
/** The example releases. */
export const examples = folder("../../examples/releases/");
