// How each area of the vectors runs through the npm package, whichever copy of it is given.

const notices = (list) => list.map(({ code, path }) => ({ code, path }));

const requestOf = ({ request = {} }) => ({
  current: request.current,
  firmwareVersion: request.firmware_version,
  target: request.target,
  allowDowngrade: request.allow_downgrade,
});

export function areasOf({ Catalog, DevicePath, Manifest, Version, verifyContent, verifyDevice }) {
  const catalogOf = ({ listing = [], options }) => Catalog.fromListing(listing, options);

  return {
    version({ left, right, scheme }) {
      const [one, other] = [new Version(left, scheme), new Version(right, scheme)];
      const order = one.compare(other);
      return one.equals(other) === (order === 0) ? ["less", "equal", "greater"][order + 1] : "equals says other than compare";
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
      if (input.manifest !== undefined) return verifyContent(Manifest.parse(input.manifest), input.found ?? []);
      return verifyDevice(catalogOf(input), input.version, input.found ?? []);
    },
  };
}
