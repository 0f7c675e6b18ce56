// Runs inputs of the vectors through the npm package.
//
// JSON lines in, of an area and an input; JSON lines out, of {"ok": value} or {"code": text}.

import { readFileSync } from "node:fs";
import { Catalog, DevicePath, Manifest, Version, verifyContent, verifyDevice } from "airwaybill";

const catalogOf = ({ listing = [], options }) => Catalog.fromListing(listing, options);

const requestOf = ({ request = {} }) => ({
  current: request.current,
  firmwareVersion: request.firmware_version,
  target: request.target,
  allowDowngrade: request.allow_downgrade,
});

const notices = (list) => list.map(({ code, path }) => ({ code, path }));

const areas = {
  version({ left, right, versions }) {
    const order = new Version(left, versions).compare(new Version(right, versions));
    return ["less", "equal", "greater"][order + 1];
  },

  path(input) {
    return new DevicePath(typeof input === "string" ? input : Buffer.from(input.hex, "hex")).toString();
  },

  catalog(input) {
    const catalog = catalogOf(input);
    return {
      releases: catalog.releases.map(({ version }) => ({ version, files: catalog.files(version) })),
      firmware: catalog.firmware,
      ignored: notices(catalog.ignored),
      warnings: notices(catalog.warnings),
    };
  },

  plan(input) {
    return catalogOf(input).plan(requestOf(input));
  },

  manifest(input) {
    if (input.parse !== undefined) return Manifest.parse(input.parse).toJson();
    const { base_url: baseUrl, dst_paths: dstPaths, format } = input.render;
    const [catalog, request, options] = [catalogOf(input), requestOf(input), { baseUrl, dstPaths, format }];
    const text = catalog.manifestJson(request, options);
    const inSteps = catalog.manifest(request, options)?.toJson() ?? "null";
    return text === inSteps ? text : [text, inSteps];
  },

  verify(input) {
    if (input.manifest !== undefined) return verifyContent(Manifest.parse(input.manifest), input.found);
    return verifyDevice(catalogOf(input), input.version, input.found);
  },
};

// Not node:readline, to which U+2028 ends a line.
const lines = readFileSync(0, "utf8").split("\n").filter(Boolean);
const answers = lines.map((line) => {
  const { area, input } = JSON.parse(line);
  try {
    return { ok: areas[area](input) };
  } catch (error) {
    if (error.code === undefined) throw error;
    return { code: error.code };
  }
});
process.stdout.write(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(""));
