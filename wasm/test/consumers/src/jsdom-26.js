// jsdom as jest has it, whose Blobs lack arrayBuffer: its classes are the global ones.

import { JSDOM } from "jsdom-26";

const { Blob, File, FileReader } = new JSDOM().window;
Object.assign(globalThis, { Blob, File, FileReader });

await import("./node.js");
