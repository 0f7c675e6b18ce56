import type { Browser } from "playwright-core";

/** What a thread of a page did: its name, how often each thing, and the most milliseconds of a processor that one thing took. */
export interface Thread {
  name: string;
  did: Record<string, number>;
  most: number;
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Microseconds by the clock, and of a processor. */
  dur?: number;
  tdur?: number;
  args: { name?: string };
}

/** The threads of the browser that were at work meanwhile. */
export async function threads(browser: Browser, work: () => Promise<void>): Promise<Thread[]> {
  const session = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: ["devtools.timeline", "toplevel", "__metadata"], excludedCategories: ["*"] },
  });
  await work();
  const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await complete;
  await session.detach();
  const found = new Map<string, Thread>();
  const thread = ({ pid, tid }: TraceEvent) => {
    const key = `${pid}/${tid}`;
    if (!found.has(key)) found.set(key, { name: "", did: {}, most: 0 });
    return found.get(key)!;
  };
  for (const event of events) {
    if (event.name === "thread_name") thread(event).name = event.args.name ?? "";
    else if (event.dur !== undefined) {
      const one = thread(event);
      one.did[event.name] = (one.did[event.name] ?? 0) + 1;
      one.most = Math.max(one.most, (event.tdur ?? event.dur) / 1000);
    }
  }
  return [...found.values()];
}
