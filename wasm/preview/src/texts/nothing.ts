// Why a device has nothing to do, in words.

import { html, nothing, type TemplateResult } from "lit";

import type { Nothing, PlanAnswer } from "../engine/protocol.js";
import { plural } from "../format.js";

export function whyNothing({ nothing: why, request, counts }: PlanAnswer) {
  if (why === null) return nothing;
  return html`<ul class="soft" id="why">
    <li>${aboutFiles(why, request, counts.protected)}</li>
    <li>${aboutFirmware(why.firmware)}</li>
    <li>The manifest is <code>null</code>.</li>
  </ul>`;
}

function aboutFiles({ files, target }: Nothing, { current, target: named, allowDowngrade }: PlanAnswer["request"], kept: number): TemplateResult {
  const goal = html`${named == null ? "the highest release" : "the target"}, ${version(target)}`;
  if (files === "on_target") return html`Files: it is on ${goal}, already.`;
  if (files === "same") {
    const but = kept > 0 ? `, but for ${plural(kept, "protected file")}, which no plan touches` : "";
    return current == null ? html`Files: ${version(target)} has none${but}.` : html`Files: ${version(target)} has the same as its ${version(current)}${but}.`;
  }
  const how = named == null ? "choose a lower one as the target and allow a downgrade" : "allow a downgrade";
  const same = allowDowngrade && named != null;
  return same
    ? html`Files: ${version(target)} has the same as its ${version(current!)}.`
    : html`Files: its version is higher than ${goal}. To go back, ${how}.`;
}

function aboutFirmware(firmware: Nothing["firmware"]): TemplateResult {
  switch (firmware.why) {
    case "no_image":
      return html`Firmware: there is no image here.`;
    case "not_named":
      return html`Firmware: a device whose files are up to date gets ${version(firmware.image)} only if it sends its firmware version, and it does not.`;
    case "not_higher":
      return html`Firmware: the highest image, ${version(firmware.image)}, is not newer than its ${version(firmware.than)}.`;
  }
}

const version = (text: string) => html`<span class="mono">${text}</span>`;
