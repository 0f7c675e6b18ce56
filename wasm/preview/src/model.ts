// What the page knows: the view a person chose, and what the engine said to it.

import { Engine, EngineError } from "./engine/client.js";
import type {
  CheckAnswer,
  CompareAnswer,
  Event as EngineEvent,
  FileAnswer,
  ManifestAnswer,
  MatrixRow,
  Overview,
  PlanAnswer,
  PlanRequest,
  Render,
} from "./engine/protocol.js";
import type { Given } from "./files.js";
import { START, type View } from "./fragment.js";
import { linkOf } from "./links.js";

export interface Progress {
  what: string;
  done: number;
  total: number;
  /** Files found so far, while a folder is being listed. */
  files: number | null;
}

export interface Problem {
  code: string;
  message: string;
}

export type Checked = { what: "content" | "device"; name: string; answer: CheckAnswer } | null;

export class Model {
  view: View = START;
  overview: Overview | null = null;
  plan: PlanAnswer | null = null;
  /** Of the rows of the plan. */
  paths: readonly string[] = [];
  manifest: ManifestAnswer | null = null;
  /** The view that the manifest was made for. */
  manifestView: View | null = null;
  file: FileAnswer | null = null;
  compared: CompareAnswer | null = null;
  matrix: (Float64Array | null)[] = [];
  matrixDone = false;
  checked: Checked = null;
  progress: Progress | null = null;
  /** What is wrong, by where it is shown. */
  problems: Partial<Record<"source" | "plan" | "file" | "manifest" | "compare" | "check", Problem>> = {};
  /** The server has other releases by now. */
  stale = false;
  /** The server's address with a `/` at its end; null where there is none. */
  server: string | null = null;

  #engine: Engine;
  #listeners = new Set<() => void>();
  #turns = new Map<string, number>();
  #matrixFor = "";
  #deviceNamed = false;

  constructor(private viewChanged: () => void) {
    this.#engine = new Engine((event) => this.#hear(event));
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  end(): void {
    this.#engine.end();
  }

  get request(): PlanRequest {
    const { from, to, firmware, downgrade } = this.view;
    return { current: from, target: to, firmwareVersion: firmware, allowDowngrade: downgrade };
  }

  get render(): Render {
    const { absolute, base, format } = this.view;
    const server = this.overview?.server ?? null;
    return {
      baseUrl: base ?? server?.baseUrl ?? "http://192.168.1.144:8000",
      absolute: absolute ?? server?.absolutePaths ?? false,
      format,
    };
  }

  get figures(): readonly [number, number, number] {
    return this.view.figures ?? linkOf(this.view.link).figures;
  }

  get listingUrl(): string | null {
    return this.server === null ? null : new URL("_preview/listing.json", this.server).href;
  }

  /** Takes over a view from an address; `device` says whether it names the device's version. */
  show(view: View, device: boolean): void {
    this.#deviceNamed = device;
    void this.#take(view);
  }

  set(change: Partial<View>): void {
    if (change.from !== undefined) this.#deviceNamed = true;
    void this.#take({ ...this.view, ...change }).then(() => undefined);
    this.viewChanged();
  }

  async #take(view: View): Promise<void> {
    const before = this.view;
    this.view = view;
    this.#changed();
    if (this.overview === null) return;
    if (view.order !== before.order) {
      const wanted = view.order ?? this.overview.server?.versions ?? "loose";
      await this.#turn("plan", () => this.#engine.ask("choose", { versions: wanted }), (overview) => {
        this.overview = overview;
      });
    }
    if (differs(view, before, "from", "to", "firmware", "downgrade", "order")) {
      this.compared = null;
      this.file = null;
      this.#askPlan();
    } else if (differs(view, before, "absolute", "base", "format")) {
      this.compared = null;
      this.#askManifest();
    }
    if (view.file !== before.file || this.file === null) this.#askFile();
    this.#askMatrix();
  }

  async openServer(): Promise<void> {
    if (this.listingUrl !== null) await this.#open("openServer", this.listingUrl);
  }

  async open(given: Given): Promise<void> {
    if ("zip" in given) return this.#open("openZip", given.zip);
    if (await this.#add(given, "releases")) await this.#open("openFolder", given.name);
  }

  cancel(): void {
    this.#next("source");
    this.#next("check");
    this.#next("add");
    this.progress = null;
    void this.#engine.ask("cancel");
    this.#changed();
  }

  dismiss(where: keyof Model["problems"]): void {
    delete this.problems[where];
    this.#changed();
  }

  async compare(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    this.compared = null;
    await this.#turn("compare", () => this.#engine.ask("compare", this.request, this.render, server), (answer) => {
      this.compared = answer;
    });
  }

  /** Y1; `given` is the content, null for what is open. */
  async checkContent(manifest: File, given: Given | null): Promise<void> {
    this.checked = null;
    if (given !== null && !(await this.#add(given, "check"))) return;
    await this.#turn("check", () => this.#engine.ask("checkContent", manifest, given === null), (answer) => {
      this.checked = { what: "content", name: manifest.name, answer };
    });
    this.progress = null;
    this.#changed();
  }

  /** Y2; the listing is a file or, in `given`, a copy of what the device holds. */
  async checkDevice(version: string, listing: File | null, given: Given | null): Promise<void> {
    this.checked = null;
    if (given !== null && !(await this.#add(given, "check"))) return;
    await this.#turn("check", () => this.#engine.ask("checkDevice", version, listing), (answer) => {
      this.checked = { what: "device", name: version, answer };
    });
    this.progress = null;
    this.#changed();
  }

  /** Asks the server whether what is shown is what it has. */
  async lookAgain(): Promise<void> {
    const url = this.listingUrl;
    if (url === null || this.overview?.kind !== "server" || this.progress !== null) return;
    // Offline is no change.
    this.stale = await this.#engine.ask("stale", url).catch(() => false);
    this.#changed();
  }

  async #open(method: "openServer" | "openZip" | "openFolder", what: string | File): Promise<void> {
    this.progress = { what: "releases", done: 0, total: 0, files: null };
    await this.#turn("source", () => this.#engine.ask(method as "openZip", what as File), (overview) => {
      this.overview = overview;
      this.stale = false;
      this.file = null;
      this.compared = null;
      this.checked = null;
      const before = this.view;
      if (!this.#deviceNamed) this.view = { ...before, from: overview.releases.at(-2)?.version ?? null };
    });
    this.progress = null;
    this.#changed();
    if (this.overview === null || this.problems.source !== undefined) return;
    if (this.view.order !== null && this.overview.versions !== this.view.order) {
      this.overview = await this.#engine.ask("choose", { versions: this.view.order });
    }
    this.#askPlan();
    this.#askFile();
    this.#askMatrix();
  }

  /** Hands the files of a folder to the worker; false when it was cancelled or failed. */
  async #add(given: Given, what: string): Promise<boolean> {
    if ("zip" in given) {
      this.problems[what === "check" ? "check" : "source"] = { code: "zip_here", message: "unpack the zip and give the folder" };
      this.#changed();
      return false;
    }
    const turn = this.#next("add");
    await this.#engine.ask("cancel");
    let files = 0;
    try {
      for await (const piece of given.pieces) {
        if (!this.#isOn("add", turn)) return false;
        files += piece.length;
        this.progress = { what, done: 0, total: 0, files };
        this.#changed();
        await this.#engine.ask("addFiles", piece);
      }
    } catch (error) {
      this.progress = null;
      this.problems[what === "check" ? "check" : "source"] = problem(error);
      this.#changed();
      return false;
    }
    return this.#isOn("add", turn);
  }

  #askPlan(): void {
    void this.#turn("plan", () => this.#engine.ask("plan", this.request), (plan) => {
      this.plan = plan;
      this.paths = plan.rows.count === 0 ? [] : plan.rows.paths.split("\n");
      // The one at hand is that of another plan.
      this.manifest = null;
    }).then(() => this.#askManifest());
  }

  #askManifest(): void {
    const { view } = this;
    void this.#turn("manifest", () => this.#engine.ask("manifest", this.request, this.render), (manifest) => {
      this.manifest = manifest;
      this.manifestView = view;
    });
  }

  #askFile(): void {
    const { file } = this.view;
    this.file = null;
    delete this.problems.file;
    if (file === null) return;
    void this.#turn("file", () => this.#engine.ask("file", this.request, file), (answer) => {
      this.file = answer;
    });
  }

  #askMatrix(): void {
    if (this.overview === null || this.view.tab !== "matrix") return;
    const { firmware, downgrade } = this.view;
    const wanted = JSON.stringify([this.overview.generation, firmware, downgrade]);
    if (wanted === this.#matrixFor) return;
    this.#matrixFor = wanted;
    this.matrix = new Array<Float64Array | null>(this.overview.releases.length + 1).fill(null);
    this.matrixDone = false;
    void this.#engine.ask("matrix", wanted, { firmwareVersion: firmware, allowDowngrade: downgrade });
  }

  #takeRows(rows: MatrixRow[], done: boolean): void {
    for (const { row, bytes } of rows) this.matrix[row] = bytes;
    this.matrix = [...this.matrix];
    this.matrixDone = done;
  }

  #hear(event: EngineEvent): void {
    if (event.event === "progress") {
      if (this.progress === null) return;
      this.progress = { what: event.what, done: event.done, total: event.total, files: null };
    } else if (event.key === this.#matrixFor) {
      this.#takeRows(event.rows, event.done);
    }
    this.#changed();
  }

  /** Asks, and takes the answer unless a later question of the same kind has been asked since. */
  async #turn<Answer>(
    kind: keyof Model["problems"],
    ask: () => Promise<Answer>,
    take: (answer: Answer) => void,
  ): Promise<void> {
    const turn = this.#next(kind);
    try {
      const answer = await ask();
      if (!this.#isOn(kind, turn)) return;
      delete this.problems[kind];
      take(answer);
    } catch (error) {
      if (!this.#isOn(kind, turn)) return;
      const wrong = problem(error);
      if (wrong.code === "cancelled") return;
      this.problems[kind] = wrong;
      if (kind === "plan") this.plan = null;
      if (kind === "manifest") this.manifest = null;
    } finally {
      this.#changed();
    }
  }

  #next(kind: string): number {
    const turn = (this.#turns.get(kind) ?? 0) + 1;
    this.#turns.set(kind, turn);
    return turn;
  }

  #isOn(kind: string, turn: number): boolean {
    return this.#turns.get(kind) === turn;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function problem(error: unknown): Problem {
  if (error instanceof EngineError) return { code: error.code, message: error.message };
  return { code: "failed", message: error instanceof Error ? error.message : String(error) };
}

function differs(left: View, right: View, ...names: (keyof View)[]): boolean {
  return names.some((name) => left[name] !== right[name]);
}
