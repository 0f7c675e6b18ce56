// What is wrong, and what to do, where the page itself finds it: errors of the worker and of what reads files.

/** Numbers as people read them. */
const figure = (value: number) => value.toLocaleString("en");

export const changed = (path: string) => `${path} has changed since it was listed`;
export const gone = (path: string) => `${path} can no longer be read`;
export const notAtHand = (name: string) => `${name} is no longer at hand`;
export const nowhere = (path: string) => `of ${path} there is only the listing here`;
export const listingInvalid = "the listing that this page has been given is none: expected an object with a list, entries, as /_preview/listing.json has it";
export const vanished = "it disappeared after it was listed";
export const engineStopped = "the engine did not start; reload the page";
export const nothingOpen = "open the releases first";
export const unreachable = "the server does not respond; is it running, and are you on its network?";
export const serverInvalid = (address: string) => `“${address}” is no address of a server: write it as http://192.168.1.144:8000`;
export const responded = (status: number, text: string) => `the server responded with ${status} ${text}`;

export const otherArchive = (name: string) => `${name} is an archive, and no zip: unpack it and open the folder, or pack it as a zip`;
export const neither = (name: string, whyNoManifest: string | null) =>
  `${name} is no zip${whyNoManifest === null ? "" : `, and no manifest (${whyNoManifest})`}: open a folder of releases, a release, or a zip of these`;
export const manifestHere = (name: string) => `${name} is a manifest: open a folder of releases, a release, or a zip of these`;
export const manifestTooLarge = "the file is too large for a manifest";
export const zipHere = "unpack the zip and choose the folder";
export const documentsTooBig = "its waybills, keys and signatures have more than 64 MiB";
export const correctSettings = "correct it: until then it is ignored";

const LISTING = 'a device\'s listing is what sha1sum or sha256sum prints, or a JSON array of {"path": "flash/main.py", "size": 12, "sha1": "…"}';
export const listing = {
  tooLarge: "the file is too large for a device's listing",
  noJson: (why: string) => `${LISTING}; this is not JSON: ${why}`,
  noArray: `${LISTING}; this is not an array`,
  line: (number: number, line: string) => `line ${number} of the list has no digest and path: ${line.slice(0, 80)}`,
};

export const zip = {
  none: "this is not a zip file, or its end is missing; create it again",
  damaged: "the archive's directory is damaged; create the archive again",
  overlap: "the archive's entries overlap; create the archive again",
  tooBig: (why: string) => `the archive is too large: ${why}. To open it anyway, unpack it and open the folder`,
  links: (bytes: number) => `its links claim ${figure(bytes)} bytes`,
  content: (bytes: number) => `it claims ${figure(bytes)} bytes of content`,
  ratio: (bytes: number, content: number) => `its ${figure(bytes)} bytes claim ${figure(content)} bytes of content`,
  entries: (most: number) => `it has more than ${figure(most)} entries`,
  entry: (path: string, bytes: number) => `${path} claims ${bytes} bytes`,
  larger: (path: string) => `${path} is larger than it claims`,
};

/** Why an entry of a zip is not read. */
export const entry = {
  name: "its name is not valid UTF-8",
  ignored: "ignored by its name",
  encrypted: "it is encrypted",
  link: "it is a link whose target is too long",
  header: "its header in the archive is damaged",
  method: (method: number) => `compression method ${method} is not supported`,
  damaged: "it is damaged in the archive",
};
