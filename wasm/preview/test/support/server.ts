import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { PYTHON } from "./places.js";

export interface Server {
  /** With a `/` at the end. */
  url: string;
  stop(): Promise<void>;
}

const MAIN = "from airwaybill.cli import main; main()";

/** `airwaybill serve` on a port that the system chooses. */
export async function serve(directory: string, ...options: string[]): Promise<Server> {
  return started(["-c", MAIN, "serve", directory, "--host", "127.0.0.1", "--port", "0", "--settle", "0", "--no-delta", ...options]);
}

/** A Python program that says `serving … at URL` on stderr once it does. */
export async function started(args: string[]): Promise<Server> {
  const process = spawn(PYTHON, args, { stdio: ["ignore", "ignore", "pipe"] });
  const said: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(process.stderr).on("line", (line) => {
      said.push(line);
      const match = /^serving .* at (http:\S+)$/.exec(line);
      if (match) resolve(`${match[1]}/`);
    });
    process.once("exit", () => reject(new Error(`the server ended: ${said.join("\n")}`)));
  });
  return {
    url,
    async stop() {
      if (process.exitCode !== null || process.signalCode !== null) return;
      const ended = once(process, "exit");
      process.kill("SIGKILL");
      await ended;
    },
  };
}

/** What `airwaybill` prints. */
export function airwaybill(...args: string[]): Promise<string> {
  return python(MAIN, ...args);
}

/** The text of a PDF, without white space. */
export function textOfPdf(path: string): Promise<string> {
  const code = "import sys, pypdf; print(*(''.join(page.extract_text().split()) for page in pypdf.PdfReader(sys.argv[1]).pages), sep='', end='')";
  return python(code, path);
}

/** What a Python program prints. */
export async function python(code: string, ...args: string[]): Promise<string> {
  const process = spawn(PYTHON, ["-c", code, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const pieces: Buffer[] = [];
  process.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  const [status] = (await once(process, "close")) as [number];
  if (status !== 0) throw new Error(`Python ended with ${status}`);
  return Buffer.concat(pieces).toString();
}
