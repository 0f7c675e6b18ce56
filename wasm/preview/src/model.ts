// The state of the page: the view that was chosen, and the engine's answers for it.

import { Engine, EngineError, type Answered } from "./engine/client.js";
import type {
  VerifyAnswer,
  Around,
  CompareAnswer,
  DetailAnswer,
  Event as EngineEvent,
  FindingsAnswer,
  ManifestAnswer,
  Overview,
  PlanAnswer,
  PlanRequest,
  Refusal,
  Render,
  ReportFormat,
  Settling,
  SourceName,
  Wish,
} from "./engine/protocol.js";
import { FileList } from "./file-list.js";
import { isZip, piecesOf, type Choice } from "./files.js";
import { FoundRows } from "./found.js";
import { differs, isSame, START, viewOf, type View } from "./fragment.js";
import type { Host } from "./host.js";
import { linkOf } from "./links.js";
import { MatrixRows } from "./matrix-rows.js";
import * as errors from "./texts/errors.js";
import { Turns } from "./turns.js";
import { problem, type Problem, type Progress } from "./work.js";

/** What a question is about. */
export type Topic = "plan" | "findings" | "file" | "manifest" | "report" | "compare" | "check";

export type Checked = { what: "content" | "device"; name: string; answer: VerifyAnswer } | null;

/** What the component hears: another view, which may be a step to go back from, other releases, or another plan. */
export type Tell = (event: "view" | "step" | "source" | "plan") => void;

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
  file: DetailAnswer | null = null;
  compared: CompareAnswer | null = null;
  readonly matrix = new MatrixRows();
  readonly list = new FileList();
  checked: Checked = null;
  progress: Progress | null = null;
  /** What is wrong, by where it is shown. */
  problems: Partial<Record<Topic | "source", Problem>> = {};
  /** Whether the releases on the server have changed since they were read. */
  stale = false;
  /** What is being copied onto the server. */
  settling: readonly Settling[] = [];
  /** Whether the server did not answer when it was asked for changes. */
  unreachable = false;
  /** The folder or the zip that could not be opened last. */
  refused: Refusal["refused"] | null = null;
  /** The folder or the zip that an address names and that only a person can give. */
  wanted: SourceName | null = null;
  /** Whether what is open has the name, but not the content, of what was wanted. */
  isOther = false;
  /** A manifest that is to be checked. */
  manifestFile: File | null = null;

  #engine: Engine;
  #listeners = new Set<() => void>();
  #turns = new Turns<Topic>();
  #job = 0;
  #findingsFor = "";
  #found = new FoundRows();
  #deviceNamed = false;

  constructor(
    private tell: Tell,
    readonly host: Host,
  ) {
    this.#engine = new Engine((event) => this.#hear(event));
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  end(): void {
    this.#engine.end();
  }

  get awaited(): ReadonlySet<Topic> {
    return this.#turns.awaited;
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
    return this.#found.of(this.findings, this.plan, this.paths);
  }

  get figures(): readonly [number, number, number] {
    return this.view.figures ?? linkOf(this.view.link).figures;
  }

  get server(): string | null {
    return this.host.server;
  }

  /** Shows a view from an address; `device` says whether it names the device's version. */
  show(named: View, device: boolean): void {
    const view = this.host.fit(named, this.view);
    this.#deviceNamed = device;
    const isOpen = this.overview !== null && isSame(view.source, this.overview.source);
    if (isOpen) return this.#take(this.#withDevice(view));
    void this.#openNamed(view);
  }

  set(change: Partial<View>): void {
    if (change.from !== undefined) this.#deviceNamed = true;
    const view = this.host.fit({ ...this.view, ...change }, this.view);
    const isStep = view.tab !== this.view.tab;
    this.#take(view);
    this.tell(isStep ? "step" : "view");
  }

  /** The server's releases, and nothing else. */
  openServer(): Promise<void> {
    return this.#openServer();
  }

  /** What was given, as the address wants it, or as one of the same name was opened before. */
  async open(given: Choice): Promise<void> {
    const source = this.overview?.source;
    const name = "file" in given ? given.file.name : given.name;
    const wish = this.wanted ?? (source?.name === name ? source : null);
    await this.#work("releases", async (isOn) => {
      if ("file" in given) {
        const answer = await this.#engine.ask("openFile", given.file, wish, this.#around());
        if (answer.value === null && !this.host.tabs.includes("check")) throw new EngineError("manifest_here", errors.manifestHere(name));
        if (answer.value === null) this.takeManifest(given.file);
        else this.#opened({ ...answer, value: answer.value });
      } else if (await this.#add(given, "releases", isOn)) {
        this.#opened(await this.#engine.ask("openFolder", given.name, wish, this.#around()));
      }
    });
  }

  /** What was given before, in another way. */
  async openAgain(given: Pick<SourceName, "kind" | "name">, wish: Wish, fresh = false): Promise<void> {
    await this.#work("releases", async () => {
      const answer = await this.#engine.ask("openAgain", given, wish, this.#around(fresh));
      if (answer.value === null) throw new EngineError("content_gone", errors.notAtHand(given.name));
      this.#opened({ ...answer, value: answer.value });
    });
  }

  /** Reads the server's releases anew. */
  async reload(): Promise<void> {
    const source = this.overview?.source ?? null;
    await (source === null ? this.openServer() : this.openAgain(source, source, true));
  }

  /** Takes a manifest to the check of manifests. */
  takeManifest(file: File): void {
    this.manifestFile = file;
    this.refused = this.checked = null;
    delete this.problems.check;
    this.set({ tab: "check" });
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

  /** The plan as a document to hand over; null if there is none, and then `problems` says why, or another plan is shown. */
  async makeReport(format: ReportFormat): Promise<string | null> {
    const { view, overview, request } = this;
    // Of a folder without a server nobody has said where it will be.
    const baseUrl = view.base ?? overview?.server?.baseUrl ?? null;
    let report: string | null = null;
    await this.#turn("report", () => this.#engine.ask("report", format, request, baseUrl), (text) => {
      report = text;
    });
    return report;
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

  /** Asks the server what has become of the releases that are shown. */
  async look(): Promise<void> {
    const { overview } = this;
    const url = this.host.listingUrl;
    if (url === null || overview?.kind !== "server" || this.progress !== null) return;
    try {
      const answer = await this.#engine.ask("look", url);
      if (!this.#isCurrent(answer)) return;
      this.unreachable = false;
      if (answer.value !== null) ({ changed: this.stale, settling: this.settling } = answer.value);
    } catch {
      this.unreachable = true;
    }
    // Nothing is taken away from a reader.
    if (this.stale && overview.releases.length === 0) await this.reload();
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
      else if (view.ignoresSpace !== before.ignoresSpace) this.#askFile(this.file);
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
    this.#turns.begin("plan");
    this.#engine.ask("choose", this.view.chosenScheme).then(
      ({ value }) => this.#use(value),
      (error: unknown) => {
        this.problems.source = problem(error);
        this.#askPlan();
        this.#changed();
      },
    );
  }

  /** What an address names: a folder or a zip only if it was given before. */
  async #openNamed(view: View): Promise<void> {
    const { source } = view;
    if (this.overview === null) this.view = view;
    if (source === null) return this.#openServer(view);
    await this.#work("releases", async () => {
      const answer = await this.#engine.ask("openAgain", source, source, { ...this.#around(), scheme: view.chosenScheme });
      if (answer.value === null) this.#close(view);
      else this.#opened({ ...answer, value: answer.value }, view);
    });
  }

  async #openServer(view?: View): Promise<void> {
    const { published } = this.host;
    const { chosenScheme } = view ?? this.view;
    if (published === null) return this.#close(view ?? this.view);
    await this.#work("releases", async () => this.#opened(await this.#engine.ask("openServer", published, chosenScheme), view));
  }

  #around(fresh = false): Around {
    return { listing: this.host.published, scheme: this.view.chosenScheme, fresh };
  }

  /** Shows what the worker has opened, even if it was cancelled a moment too late; `view` is that of an address. */
  #opened({ value }: Answered<Overview | Refusal>, view?: View): void {
    this.refused = "refused" in value ? value.refused : null;
    delete this.problems.source;
    if ("refused" in value) return;
    const { source } = value;
    this.isOther = this.wanted !== null && this.wanted.digest !== "" && this.wanted.digest !== source?.digest;
    const isSource = isSame(this.view.source, source);
    this.#clear();
    this.view = this.#withDevice({ ...(view ?? (isSource ? this.view : viewOf(value, this.view))), source }, value);
    this.stale = false;
    this.settling = value.settling;
    this.#use(value);
    if (!isSource) this.tell(view === undefined ? "step" : "view");
    this.tell("source");
  }

  /** Nothing is open: the page asks for what the address names. */
  #close(view: View): void {
    this.#clear();
    this.view = view;
    this.overview = this.refused = null;
    this.wanted = view.source;
    this.tell("plan");
    this.tell("source");
  }

  /** Nothing of the old releases may appear under the new name. */
  #clear(): void {
    for (const topic of ["plan", "findings", "file", "manifest", "compare", "check"] as const) this.#turns.forget(topic);
    this.wanted = this.checked = this.plan = this.findings = this.manifest = null;
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
    if ("file" in given && isZip(given.file)) throw new EngineError("zip_here", errors.zipHere);
    const pieces = "file" in given ? piecesOf([given.file]) : given.pieces;
    await this.#engine.ask("cancel");
    let files = 0;
    for await (const piece of pieces) {
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
    this.#turns.forget("report");
    delete this.problems.report;
    void this.#turn("plan", () => this.#engine.ask("plan", request), (plan) => {
      this.plan = plan;
      this.paths = plan.rows.count === 0 ? [] : plan.rows.paths.split("\n");
      // The current one belongs to another plan.
      this.manifest = null;
      this.#askFindings(plan);
      this.tell("plan");
    });
    this.#askManifest();
  }

  #askManifest(): void {
    this.#turns.forget("compare");
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

  #askFile(shown: DetailAnswer | null = null): void {
    const { file, ignoresSpace } = this.view;
    this.#turns.forget("file");
    delete this.problems.file;
    this.file = shown;
    if (file === null) return;
    void this.#turn("file", () => this.#engine.ask("file", this.request, file, ignoresSpace), (answer) => {
      this.file = answer;
    });
  }

  #askMatrix(): void {
    if (this.overview !== null && this.view.tab === "matrix") this.matrix.ask(this.#engine, this.overview, this.view, this.render);
  }

  #hear(event: EngineEvent): void {
    if (event.event === "progress") {
      if (this.progress === null) return;
      this.progress = { what: event.what, done: event.done, total: event.total, files: null };
    } else {
      this.matrix.take(event);
    }
    this.#changed();
  }

  /** Asks, and takes the answer unless a later question on the topic was asked or other releases were opened. */
  async #turn<Value>(topic: Topic, ask: () => Promise<Answered<Value>>, take: (value: Value) => void): Promise<void> {
    const isOn = this.#turns.begin(topic);
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
        this.#turns.forget("findings");
        this.tell("plan");
      }
      if (topic === "plan" || topic === "findings") {
        this.findings = null;
        this.#findingsFor = "";
      }
      if (topic === "manifest") this.manifest = null;
    } finally {
      if (isOn()) this.#turns.forget(topic);
      this.#changed();
    }
  }

  #isCurrent({ generation }: Answered<unknown>): boolean {
    return generation === this.overview?.generation;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
