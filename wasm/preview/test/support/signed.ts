// Releases that ssh-keygen signed with keys made for the test.

import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PYTHON } from "./places.js";
import { scratch, writeTree } from "./tree.js";

const MAIN = "from airwaybill.cli import main; main()";
const FILES = {
  "1.0.0/flash/boot.py": "",
  "1.0.0/flash/main.py": "print()\n",
  "1.0.1/flash/boot.py": "",
  "1.0.1/flash/main.py": "print(1)\n",
  "firmware_1.0.1.bin": "image",
};

function run(program: string, args: readonly string[], input = ""): string {
  return execFileSync(program, args, { input, encoding: "utf8" });
}

/** Two releases and an image, signed by the office, and what a test does to copies of them. */
export class SignedReleases {
  readonly #folder = scratch(tmpdir());
  readonly #root = writeTree(join(this.#folder, "releases"), FILES);

  constructor() {
    this.#newKey("root", "root");
    this.#newKey("office", "office");
    this.#newKey("spare", "");
    const [root, office, spare] = ["root", "office", "spare"].map((name) => `${this.key(name)}.pub`) as [string, string, string];
    this.#airwaybill("keys", "new", this.#root, "--product", "smart-meter", "--root", root, "--release", office, "--release", spare);
    this.sign(this.#root, "office", "1.0.0", "1.0.1");
  }

  key(name: string): string {
    return join(this.#folder, name);
  }

  /** As OpenSSH names it, `SHA256:…`. */
  fingerprint(name: string): string {
    return run("ssh-keygen", ["-lf", `${this.key(name)}.pub`]).split(" ")[1]!;
  }

  /** A copy to change. */
  copy(name: string): string {
    const copy = join(this.#folder, name);
    cpSync(this.#root, copy, { recursive: true });
    return copy;
  }

  /** A directory of the same releases, without any document. */
  unsigned(name: string): string {
    return writeTree(join(this.#folder, name), FILES);
  }

  sign(root: string, key: string, ...names: string[]): void {
    this.#airwaybill("sign", root, ...names, "--key", this.key(key));
  }

  /** Signs what `airwaybill sign` would not: it expired long ago. */
  signExpired(root: string, version: string, expires: string): void {
    const file = join(root, `${version}.waybill`);
    const waybill = readFileSync(file, "utf8").replace("expires -", `expires ${expires}`);
    writeFileSync(file, waybill);
    const options = ["-q", "-Y", "sign", "-f", this.key("office"), "-n", "waybill@airwaybill", "-O", "hashalg=sha256"];
    writeFileSync(`${file}.sig`, run("ssh-keygen", options, waybill));
  }

  #newKey(name: string, comment: string): void {
    run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", this.key(name)]);
    // Without a comment there is still the blank before it.
    writeFileSync(`${this.key(name)}.pub`, readFileSync(`${this.key(name)}.pub`, "utf8").trimEnd());
  }

  #airwaybill(...args: string[]): string {
    return run(PYTHON, ["-c", MAIN, ...args]);
  }
}

export function change(root: string, path: string, from: string, to: string): void {
  writeFileSync(join(root, path), readFileSync(join(root, path), "utf8").replace(from, to));
}

export function remove(root: string, ...paths: string[]): void {
  for (const path of paths) rmSync(join(root, path), { recursive: true });
}
