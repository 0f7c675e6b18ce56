// The shared vectors, read from disk, and how each area runs through the package.

import { readFileSync, readdirSync } from "node:fs";

import { Catalog, DevicePath, Manifest, Version, verifyContent, verifyDevice, type Entry } from "./airwaybill.js";
import { vectors } from "./places.js";

export interface Case {
  name: string;
  input: any;
  ok?: unknown;
  code?: string;
}

export const areas = readdirSync(vectors, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

export const cases = (area: string): Case[] =>
  readdirSync(`${vectors}${area}`).flatMap((file) => JSON.parse(readFileSync(`${vectors}${area}/${file}`, "utf8")) as Case[]);

const catalog = (input: any) => Catalog.fromListing(input.listing ?? [], input.options);

const request = ({ current, firmware_version, target, allow_downgrade }: any = {}) => ({
  current,
  firmwareVersion: firmware_version,
  target,
  allowDowngrade: allow_downgrade,
});

const ORDER = { "-1": "less", "0": "equal", "1": "greater" };

export const run: Record<string, (input: any) => unknown> = {
  version: ({ left, right, versions }) => {
    const [one, other] = [new Version(left, versions), new Version(right, versions)];
    if (one.equals(other) !== (one.compare(other) === 0)) throw new Error("equals and compare disagree");
    return ORDER[one.compare(other)];
  },
  path: (input) => new DevicePath(typeof input === "string" ? input : Buffer.from(input.hex, "hex")).toString(),
  catalog: (input) => {
    const made = catalog(input);
    const notices = (list: { code: string; path: string }[]) => list.map(({ code, path }) => ({ code, path }));
    return {
      releases: made.releases.map(({ version }) => ({ version, files: made.files(version) })),
      firmware: made.firmware,
      ignored: notices(made.ignored),
      warnings: notices(made.warnings),
    };
  },
  plan: (input) => catalog(input).plan(request(input.request)),
  manifest: (input) => {
    if (input.parse !== undefined) return Manifest.parse(input.parse).toJson();
    const { base_url: baseUrl, dst_paths: dstPaths, format } = input.render;
    const made = catalog(input);
    const options = { baseUrl, dstPaths, format };
    const text = made.manifestJson(request(input.request), options);
    const manifest = made.manifest(request(input.request), options);
    if ((manifest?.toJson() ?? "null") !== text) throw new Error("manifest and manifestJson disagree");
    return text;
  },
  verify: (input) => {
    const found: Entry[] = input.found ?? [];
    if (input.manifest !== undefined) {
      const manifest = Manifest.parse(input.manifest);
      return verifyContent(manifest, found);
    }
    return verifyDevice(catalog(input), input.version, found);
  },
};
