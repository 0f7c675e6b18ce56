// Firefox by WebDriver BiDi: as much of it as the tests of the page need.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { expect } from "vitest";
import WebSocket from "ws";

import { elsewhere } from "./browser.js";
import { FIREFOX, SCREENSHOTS } from "./places.js";
import { scratch } from "./tree.js";
import { FIND, showing } from "./view.js";

interface Answer {
  id?: number;
  method?: string;
  params?: { request?: { request: string; url: string }; response?: { status: number }; isBlocked?: boolean; level?: string; text?: string; filepath?: string };
  type: string;
  error?: string;
  message?: string;
  result: unknown;
}

interface Evaluated {
  result: { value?: string; sharedId?: string };
  exceptionDetails?: { text: string };
}

/** What makes Firefox look so. */
const LOOKS = {
  light: { "ui.systemUsesDarkTheme": 0 },
  dark: { "ui.systemUsesDarkTheme": 1 },
  "forced-colors": { "ui.systemUsesDarkTheme": 0, "browser.display.document_color_use": 2 },
};
export type Look = keyof typeof LOOKS;

const ENTER = "\uE007";
const CONTROL = "\ue009";
const ANSWER_MS = 40_000; // less than a test has, so that its failure names the command

/** A page in a Firefox of its own, which remembers what it asked for and what it complained about. */
export class Firefox {
  readonly requests: string[] = [];
  /** What came for them: the status and the address. */
  readonly answers: string[] = [];
  readonly complaints: string[] = [];
  #context = "";
  #frame: string | null = null;
  #next = 1;
  #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #downloaded: ((path: string) => void) | null = null;

  private constructor(
    private process: ChildProcess,
    private socket: WebSocket,
  ) {
    socket.on("message", (data) => this.#hear(JSON.parse(String(data)) as Answer));
  }

  static async launch(look: Look = "light"): Promise<Firefox> {
    const profile = scratch();
    const preferences = { ...LOOKS[look], "browser.download.folderList": 2, "browser.download.dir": scratch() };
    const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`);
    writeFileSync(join(profile, "user.js"), lines.join(""));
    const process = spawn(FIREFOX, ["--headless", "--remote-debugging-port=0", "--profile", profile], { stdio: ["ignore", "ignore", "pipe"] });
    const url = await new Promise<string>((resolve, reject) => {
      const lines = createInterface(process.stderr);
      lines.on("line", (line) => {
        const match = /^WebDriver BiDi listening on (ws:\S+)$/.exec(line);
        if (match) resolve(match[1]!);
      });
      process.once("error", reject);
      process.once("exit", () => reject(new Error("Firefox ended before it listened")));
    });
    const socket = new WebSocket(`${url}/session`);
    await once(socket, "open");
    const firefox = new Firefox(process, socket);
    await firefox.#ask("session.new", { capabilities: {} });
    await firefox.#ask("session.subscribe", { events: ["network.beforeRequestSent", "network.responseCompleted", "log.entryAdded", "browsingContext.downloadEnd"] });
    const { contexts } = (await firefox.#ask("browsingContext.getTree", {})) as { contexts: { context: string }[] };
    firefox.#context = contexts[0]!.context;
    return firefox;
  }

  /** From here on in a tab of its own, with nothing of the page before. */
  async renew(): Promise<void> {
    const context = this.#context;
    const made = (await this.#ask("browsingContext.create", { type: "tab" })) as { context: string };
    this.#context = made.context;
    await this.#ask("browsingContext.close", { context });
  }

  /** Opens an address in a window of that size. */
  async open(url: string, viewport = { width: 1280, height: 900 }): Promise<void> {
    this.#frame = null;
    await this.resize(viewport);
    await this.#ask("browsingContext.navigate", { context: this.#context, url, wait: "complete" });
  }

  /** Another view of what is open. */
  async show(view: string): Promise<void> {
    await this.value(showing(view));
  }

  /** What a person reads in an element, with white space as one space, as soon as it has one of these texts. */
  async text(selector: string, ...some: string[]): Promise<string> {
    const wanted = `${JSON.stringify(some)}.some((text) => said.includes(text))`;
    return this.value(`new Promise((resolve) => {
      const look = () => {
        const said = find(${JSON.stringify(selector)})?.innerText.replace(/\\s+/g, " ").trim();
        if (said !== undefined && ${some.length === 0 ? "said" : wanted}) resolve(said);
        else setTimeout(look, 20); // a frame may not come in a tab that Firefox takes for hidden
      };
      look();
    })`);
  }

  /** The text that an expression gives in the page. */
  readonly value = async (expression: string): Promise<string> => (await this.#run(expression)).value!;

  /** The window of that size. */
  async resize(viewport: { width: number; height: number }): Promise<void> {
    await this.#ask("browsingContext.setViewport", { context: this.#context, viewport });
  }

  /** Clicks into the middle of an element, once it is there and stays where it is. */
  async click(selector: string): Promise<void> {
    const place = await this.value(`new Promise((resolve) => {
      let before = "";
      const look = () => {
        const element = find(${JSON.stringify(selector)});
        if (!element) return setTimeout(look, 50);
        element.scrollIntoView({ block: "center" });
        const { x, y, width, height } = element.getBoundingClientRect();
        const place = JSON.stringify({ x: Math.round(x + width / 2), y: Math.round(y + height / 2) });
        if (place === before) return resolve(place);
        before = place;
        setTimeout(look, 50);
      };
      look();
    })`);
    const steps = [{ type: "pointerMove", ...JSON.parse(place) }, { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }];
    const actions = [{ type: "pointer", id: "mouse", actions: steps }];
    await this.#ask("input.performActions", { context: this.#context, actions });
  }

  /** Gives files to an input, as its picker would. */
  async pick(selector: string, ...files: string[]): Promise<void> {
    const { sharedId } = await this.#run(`find(${JSON.stringify(selector)})`);
    if (sharedId === undefined) throw new Error(`there is no ${selector}`);
    await this.#ask("input.setFiles", { context: this.#context, element: { sharedId }, files });
  }

  /** Replaces what is in a field, and presses Enter. */
  async type(selector: string, text: string): Promise<void> {
    await this.click(selector);
    await this.value(`(find(${JSON.stringify(selector)}).select(), "")`);
    const keys = [...text, ENTER].flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]);
    await this.#ask("input.performActions", { context: this.#context, actions: [{ type: "key", id: "keyboard", actions: keys }] });
  }

  /** Goes back, or forward, in the history of the tab. */
  async go(delta: number): Promise<void> {
    await this.#ask("browsingContext.traverseHistory", { context: this.#context, delta });
  }

  /** The title as soon as it is this one, and the address then. */
  async titled(title: string): Promise<string> {
    return this.value(`new Promise((resolve) => {
      const look = () => (document.title === ${JSON.stringify(title)} ? resolve(location.href) : setTimeout(look, 20));
      look();
    })`);
  }

  /** From here on a site is an empty page, and nothing goes there. */
  async replace(site: string): Promise<void> {
    const { protocol, hostname } = new URL(site);
    const urlPatterns = [{ type: "pattern", protocol: protocol.slice(0, -1), hostname }];
    await this.#ask("network.addIntercept", { phases: ["beforeRequestSent"], urlPatterns });
  }

  /** From here on in the page's frame, until another is opened. */
  async enter(): Promise<void> {
    const { contexts } = (await this.#ask("browsingContext.getTree", { root: this.#context })) as { contexts: { children: { context: string }[] }[] };
    this.#frame = contexts[0]!.children[0]!.context;
  }

  async has(selector: string): Promise<boolean> {
    return (await this.value(`String(find(${JSON.stringify(selector)}) !== null)`)) === "true";
  }

  /** Presses keys: letters, or the values of WebDriver's special ones; all are held until the last. */
  async press(...keys: string[]): Promise<void> {
    const down = keys.map((value) => ({ type: "keyDown", value }));
    const up = keys.toReversed().map((value) => ({ type: "keyUp", value }));
    const actions = [{ type: "key", id: "keyboard", actions: [...down, ...up] }];
    await this.#ask("input.performActions", { context: this.#context, actions });
  }

  /** What a person would paste. */
  async clipboard(): Promise<string> {
    await this.#run(`void document.body.append(Object.assign(document.createElement("textarea"), { id: "pasted" }))`);
    await this.#run(`void find("#pasted").focus()`);
    await this.press(CONTROL, "v");
    const pasted = await this.value(`find("#pasted").value`);
    await this.#run(`void find("#pasted").remove()`);
    return pasted;
  }

  /** Where the file is that is downloaded meanwhile. */
  async download(work: () => Promise<void>): Promise<string> {
    const downloaded = new Promise<string>((resolve) => (this.#downloaded = resolve));
    await work();
    return downloaded;
  }

  /** The page on paper, a PDF. */
  async print(): Promise<Buffer> {
    const { data } = (await this.#ask("browsingContext.print", { context: this.#context })) as { data: string };
    return Buffer.from(data, "base64");
  }

  /** Where an element is, and how large. */
  async box(selector: string): Promise<DOMRect> {
    return JSON.parse(await this.value(`JSON.stringify(find(${JSON.stringify(selector)}).getBoundingClientRect())`)) as DOMRect;
  }

  async shot(name: string): Promise<void> {
    const { data } = (await this.#ask("browsingContext.captureScreenshot", { context: this.#context })) as { data: string };
    mkdirSync(SCREENSHOTS, { recursive: true });
    writeFileSync(`${SCREENSHOTS}/${name}.png`, Buffer.from(data, "base64"));
  }

  /** Ends it: no complaint, and no request to anywhere but these servers. */
  async end(...servers: string[]): Promise<void> {
    const ended = once(this.process, "exit");
    this.socket.terminate();
    this.process.kill("SIGKILL");
    await ended;
    expect(this.complaints).toEqual([]);
    expect(elsewhere(this.requests, servers), "nothing leaves the browser").toEqual([]);
  }

  async #run(expression: string): Promise<Evaluated["result"]> {
    const target = { context: this.#frame ?? this.#context };
    const given = { expression: `${FIND} ${expression}`, target, awaitPromise: true };
    const { result, exceptionDetails } = (await this.#ask("script.evaluate", given)) as Evaluated;
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
    return result;
  }

  #ask(method: string, params: object): Promise<unknown> {
    const id = this.#next++;
    const command = JSON.stringify({ id, method, params });
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`Firefox did not answer within ${ANSWER_MS / 1000} s: ${command}`)), ANSWER_MS);
      const answered = <T>(then: (given: T) => void) => (given: T) => (clearTimeout(late), then(given));
      this.#waiting.set(id, { resolve: answered(resolve), reject: answered(reject) });
      this.socket.send(command);
    });
  }

  #hear({ id, method, params, type, error, message, result }: Answer): void {
    if (method === "network.beforeRequestSent") {
      const { request, url } = params!.request!;
      if (!params!.isBlocked) this.requests.push(url);
      else void this.#ask("network.provideResponse", { request, statusCode: 200, body: { type: "string", value: "" } });
    }
    if (method === "network.responseCompleted") this.answers.push(`${params!.response!.status} ${params!.request!.url}`);
    if (method === "browsingContext.downloadEnd") this.#downloaded?.(params!.filepath!);
    if (method === "log.entryAdded" && params!.level !== "info" && params!.level !== "debug") this.complaints.push(params!.text!);
    const waiting = this.#waiting.get(id ?? 0);
    if (waiting === undefined) return;
    this.#waiting.delete(id!);
    if (type === "error") waiting.reject(new Error(`${error}: ${message}`));
    else waiting.resolve(result);
  }
}
