import type { Page } from "playwright-core";

/** Chooses a device and gives the milliseconds until a frame shows its plan, all of it, and says that no newer one is awaited. */
export async function chosen(page: Page, version: string, parts: readonly string[]): Promise<number> {
  return page.evaluate(
    async ([version, parts]) => {
      const preview = document.querySelector("release-preview")!.shadowRoot!;
      const select = preview.querySelector("rp-device-form")!.shadowRoot!.querySelector<HTMLSelectElement>("#from")!;
      const summary = preview.querySelector("rp-plan-view")!.shadowRoot!;
      const shown = () => {
        const part = summary.querySelector(".summary");
        const text = part?.textContent.replace(/\s+/g, " ") ?? "";
        return part?.getAttribute("aria-busy") === "false" && parts.every((one) => text.includes(one));
      };
      if (shown()) throw new Error("it is shown already");
      const began = performance.now();
      select.value = version;
      select.dispatchEvent(new Event("change", { bubbles: true }));
      for (;;) {
        const frame = await new Promise<number>((resolve) => requestAnimationFrame(() => resolve(performance.now())));
        if (shown()) return frame - began;
        if (frame - began > 20_000) throw new Error(`not shown: ${parts.join(", ")}`);
      }
    },
    [version, parts] as const,
  );
}
