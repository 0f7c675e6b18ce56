// In the DOM of a library, as test runners set it up: its classes are the global ones.

const library = await import(process.argv[2]);
const window = library.JSDOM ? new library.JSDOM().window : new library.Window();
const { Blob, File, FileReader, AbortController, AbortSignal } = window;
Object.assign(globalThis, { Blob, File, FileReader, AbortController, AbortSignal });

await import("./node.js");
