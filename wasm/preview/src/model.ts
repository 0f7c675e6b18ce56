// The state of the page: the view that was chosen, and the engine's answers for it.

import { Engine, EngineError, type Answered } from "./engine/client.js";
import type {
  VerifyAnswer,
  CompareAnswer,
  Event as EngineEvent,
  FileAnswer,
  FindingsAnswer,
  ManifestAnswer,
  MatrixRow,
  Overview,
  PlanAnswer,
  PlanRequest,
  Render,
} from "./engine/protocol.js";
import type { Choice } from "./files.js";
import { rowsOf } from "./found.js";
import { START, type View } from "./fragment.js";
import { linkOf } from "./links.js";

/** What a question is about. The answer to an earlier question about the same topic is dropped. */
export type Topic = "plan" | "findings" | "file" | "manifest" | "compare" | "check";

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

export type Checked = { what: "content" | "device"; name: string; answer: VerifyAnswer } | null;

export class Model {
  view: View = START;
  overview: Overview | null = null;
  /** Carries its own request, which differs from the view's while a newer answer is awaited. */
  plan: PlanAnswer | null = null;
  /** The paths of the plan's rows. */
  paths: readonly string[] = [];
  /** What was found for the plan, or for an earlier one while a newer answer is awaited. */
  findings: FindingsAnswer | null = null;
  manifest: ManifestAnswer | null = null;
  file: FileAnswer | null = null;
  compared: CompareAnswer | null = null;
  matrix: readonly (MatrixRow | null)[] = [];
  matrixDone = false;
  checked: Checked = null;
  progress: Progress | null = null;
  /** What is wrong, by where it is shown. */
  problems: Partial<Record<Topic | "source", Problem>> = {};
  /** What has been asked and not been answered yet. */
  awaited = new Set<Topic>();
  /** Whether the releases on the server have changed since they were read. */
  stale = false;
  /** The server's address with a `/` at its end; null where there is none. */
  server: string | null = null;

  #engine: Engine;
  #listeners = new Set<() => void>();
  #turns = new Map<Topic, number>();
  #job = 0;
  #matrixFor = "";
  #findingsFor = "";
  #found: { findings: FindingsAnswer | null; plan: PlanAnswer | null; rows: ReadonlyMap<string, ReadonlySet<number>> } = {
    findings: null,
    plan: null,
    rows: new Map(),
  };
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
    const { dstPaths, base, format } = this.view;
    const server = this.overview?.server ?? null;
    return {
      baseUrl: base ?? server?.baseUrl ?? "http://192.168.1.144:8000",
      dstPaths: dstPaths ?? server?.dstPaths ?? "relative",
      format,
    };
  }

  /** The rows of the plan that each group of findings is about, by its name. */
  get found(): ReadonlyMap<string, ReadonlySet<number>> {
    const { findings, plan, paths } = this;
    if (this.#found.findings !== findings || this.#found.plan !== plan) {
      const shown = plan?.some ? plan.version : plan?.request.current;
      // Another release has other files.
      const rows = findings === null || shown !== findings.target ? new Map() : rowsOf(findings, paths);
      this.#found = { findings, plan, rows };
    }
    return this.#found.rows;
  }

  get figures(): readonly [number, number, number] {
    return this.view.figures ?? linkOf(this.view.link).figures;
  }

  get listingUrl(): string | null {
    return this.server === null ? null : new URL("_preview/listing.json", this.server).href;
  }

  /** Shows a view from an address; `device` says whether it names the device's version. */
  show(view: View, device: boolean): void {
    this.#deviceNamed = device;
    this.#take(this.#withDevice(view));
  }

  set(change: Partial<View>): void {
    if (change.from !== undefined) this.#deviceNamed = true;
    this.#take({ ...this.view, ...change });
    this.viewChanged();
  }

  async openServer(): Promise<void> {
    const url = this.listingUrl;
    if (url === null) return;
    await this.#work("releases", async () => this.#open(await this.#engine.ask("openServer", url, this.view.chosenScheme)));
  }

  async open(given: Choice): Promise<void> {
    await this.#work("releases", async (isOn) => {
      if ("zip" in given) return this.#open(await this.#engine.ask("openZip", given.zip, this.view.chosenScheme));
      if (await this.#add(given, "releases", isOn)) this.#open(await this.#engine.ask("openFolder", given.name, this.view.chosenScheme));
    });
  }

  cancel(): void {
    this.#job += 1;
    this.progress = null;
    void this.#engine.ask("cancel");
    this.#changed();
  }

  report(where: keyof Model["problems"], wrong: Problem): void {
    this.problems[where] = wrong;
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
  async verifyContent(manifest: File, given: Choice | null): Promise<void> {
    await this.#check(given, () => this.#engine.ask("verifyContent", manifest, given === null), { what: "content", name: manifest.name });
  }

  /** Y2; the listing is a file or, in `given`, a copy of what the device holds. */
  async verifyDevice(version: string, listing: File | null, given: Choice | null): Promise<void> {
    await this.#check(given, () => this.#engine.ask("verifyDevice", version, listing), { what: "device", name: version });
  }

  /** Asks the server whether what is shown is what it has. */
  async lookAgain(): Promise<void> {
    const url = this.listingUrl;
    if (url === null || this.overview?.kind !== "server" || this.progress !== null) return;
    // Being offline does not mean that the releases changed.
    const answer = await this.#engine.ask("stale", url).catch(() => null);
    if (answer === null || !this.#isCurrent(answer)) return;
    this.stale = answer.value;
    this.#changed();
  }

  #take(view: View): void {
    const before = this.view;
    this.view = view;
    if (this.overview !== null) {
      const isOther = differs(view, before, "from", "to", "firmware", "downgrade");
      if (view.chosenScheme !== before.chosenScheme) this.#choose();
      else if (isOther) this.#askPlan();
      else if (differs(view, before, "dstPaths", "base", "format")) this.#askManifest();
      if (isOther || view.file !== before.file) this.#askFile();
      this.#askMatrix();
    }
    this.#changed();
  }

  /** Until a device is chosen, it is one on the second-highest release. */
  #withDevice(view: View, overview = this.overview): View {
    if (this.#deviceNamed || overview === null) return view;
    return { ...view, from: overview.releases.at(-2)?.version ?? null };
  }

  /** Has the worker apply the chosen version order, then asks for everything that depends on it. */
  #choose(): void {
    this.#forget("plan");
    this.awaited.add("plan");
    this.#engine.ask("choose", this.view.chosenScheme).then(
      ({ value }) => this.#use(value),
      (error: unknown) => {
        this.problems.source = problem(error);
        this.#askPlan();
        this.#changed();
      },
    );
  }

  /** Shows what the worker has opened, even if it was cancelled a moment too late. */
  #open({ value: overview }: Answered<Overview>): void {
    this.#forget("check");
    // Nothing of the old releases may appear under the new name.
    this.checked = this.plan = this.findings = this.manifest = null;
    this.stale = false;
    delete this.problems.source;
    this.view = this.#withDevice(this.view, overview);
    this.#use(overview);
  }

  #use(overview: Overview): void {
    this.overview = overview;
    if (overview.chosenScheme !== this.view.chosenScheme) return this.#choose();
    this.#askPlan();
    this.#askFile();
    this.#askMatrix();
    this.#changed();
  }

  /** Long work with a progress bar. Later work takes the bar over. */
  async #work(what: "releases" | "check", run: (isOn: () => boolean) => Promise<void>): Promise<void> {
    const job = ++this.#job;
    const isOn = () => job === this.#job;
    this.progress = { what, done: 0, total: 0, files: null };
    this.#changed();
    try {
      await run(isOn);
    } catch (error) {
      const wrong = problem(error);
      if (isOn() && wrong.code !== "cancelled") this.problems[what === "check" ? "check" : "source"] = wrong;
    }
    if (isOn()) this.progress = null;
    this.#changed();
  }

  async #check(
    given: Choice | null,
    ask: () => Promise<Answered<VerifyAnswer>>,
    about: { what: "content" | "device"; name: string },
  ): Promise<void> {
    this.checked = null;
    await this.#work("check", async (isOn) => {
      if (given !== null && !(await this.#add(given, "check", isOn))) return;
      await this.#turn("check", ask, (answer) => {
        this.checked = { ...about, answer };
      });
    });
  }

  /** Hands the files of a folder to the worker; false if other work has begun in the meantime. */
  async #add(given: Choice, what: string, isOn: () => boolean): Promise<boolean> {
    if ("zip" in given) throw new EngineError("zip_here", "unpack the zip and choose the folder");
    await this.#engine.ask("cancel");
    let files = 0;
    for await (const piece of given.pieces) {
      if (!isOn()) return false;
      files += piece.length;
      this.progress = { what, done: 0, total: 0, files };
      this.#changed();
      await this.#engine.ask("addFiles", piece);
    }
    return isOn();
  }

  #askPlan(): void {
    const { request } = this;
    void this.#turn("plan", () => this.#engine.ask("plan", request), (plan) => {
      this.plan = plan;
      this.paths = plan.rows.count === 0 ? [] : plan.rows.paths.split("\n");
      // The current one belongs to another plan.
      this.manifest = null;
      this.#askFindings(plan);
    });
    this.#askManifest();
  }

  #askManifest(): void {
    this.#forget("compare");
    delete this.problems.compare;
    this.compared = null;
    void this.#turn("manifest", () => this.#engine.ask("manifest", this.request, this.render), (manifest) => {
      this.manifest = manifest;
    });
  }

  /** The check is for the plan's device; if that has nothing to do and is known, for those on the release below. */
  #askFindings({ some, known, request }: PlanAnswer): void {
    const [target, from] = [request.target ?? null, some || !known ? (request.current ?? null) : null];
    const wanted = JSON.stringify([this.overview?.generation, target, from]);
    if (wanted === this.#findingsFor) return;
    this.#findingsFor = wanted;
    void this.#turn("findings", () => this.#engine.ask("findings", target, from), (findings) => {
      this.findings = findings;
    });
  }

  #askFile(): void {
    const { file } = this.view;
    this.#forget("file");
    delete this.problems.file;
    this.file = null;
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
    this.matrix = new Array<MatrixRow | null>(this.overview.releases.length + 1).fill(null);
    this.matrixDone = false;
    void this.#engine.ask("matrix", wanted, { firmwareVersion: firmware, allowDowngrade: downgrade });
  }

  #takeRows(rows: MatrixRow[], done: boolean): void {
    const matrix = [...this.matrix];
    for (const row of rows) matrix[row.row] = row;
    this.matrix = matrix;
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

  /** Asks, and takes the answer unless a later question on the topic was asked or other releases were opened. */
  async #turn<Value>(topic: Topic, ask: () => Promise<Answered<Value>>, take: (value: Value) => void): Promise<void> {
    const turn = this.#forget(topic);
    const isOn = () => this.#turns.get(topic) === turn;
    this.awaited.add(topic);
    try {
      const answer = await ask();
      if (!isOn()) return;
      // A check compares files; the version order does not affect it.
      if (topic !== "check" && !this.#isCurrent(answer)) return;
      delete this.problems[topic];
      take(answer.value);
    } catch (error) {
      if (!isOn()) return;
      const wrong = problem(error);
      if (wrong.code !== "cancelled") this.problems[topic] = wrong;
      if (topic === "plan") {
        this.plan = null;
        this.#forget("findings");
      }
      if (topic === "plan" || topic === "findings") {
        this.findings = null;
        this.#findingsFor = "";
      }
      if (topic === "manifest") this.manifest = null;
    } finally {
      if (isOn()) this.awaited.delete(topic);
      this.#changed();
    }
  }

  /** Drops pending answers on this topic; returns the turn of the next question. */
  #forget(topic: Topic): number {
    const turn = (this.#turns.get(topic) ?? 0) + 1;
    this.#turns.set(topic, turn);
    this.awaited.delete(topic);
    return turn;
  }

  #isCurrent({ generation }: Answered<unknown>): boolean {
    return generation === this.overview?.generation;
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
