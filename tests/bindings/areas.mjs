// How each area of the vectors runs through the npm package, whichever copy of it is given.

const notices = (list) => list.map(({ code, path }) => ({ code, path }));

const requestOf = ({ request = {} }) => ({
  current: request.current,
  firmwareVersion: request.firmware_version,
  target: request.target,
  allowDowngrade: request.allow_downgrade,
});

const contentOf = (content) =>
  typeof content === "string"
    ? Buffer.from(content)
    : Buffer.concat(content.flatMap(([digits, count]) => Array(count).fill(Buffer.from(digits, "hex"))));

const hex = (bytes) => Buffer.from(bytes).toString("hex");

const base64 = (bytes) => Buffer.from(bytes).toString("base64");

const filesOf = (files) => Object.fromEntries(files.map(({ name, content }) => [name, contentOf(content).toString()]));

export function areasOf(engine, { applyPatch, makePatch }, { report }) {
  const { Catalog, DevicePath, Manifest, Version, peek, verifyContent, verifyDevice } = engine;
  const catalogOf = ({ listing = [], options, remembered, patches }) => {
    const earlier = remembered && Catalog.fromListing(remembered, { ...options, unsettled: [], failed: [], unsigned: [] });
    return Catalog.fromListing(listing, options, earlier, patches);
  };

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
      if (input.parse !== undefined) return Manifest.parse(typeof input.parse === "string" ? input.parse : contentOf(input.parse)).toJson();
      const { base_url: baseUrl, dst_paths: dstPaths, format } = input.render;
      const [catalog, request, options] = [catalogOf(input), requestOf(input), { baseUrl, dstPaths, format }];
      const text = catalog.manifestJson(request, options);
      const inSteps = catalog.manifest(request, options)?.toJson() ?? "null";
      return text === inSteps ? text : [text, inSteps];
    },

    check(input) {
      if (input.settings !== undefined) return engine.checkSettings(input.settings) ?? null;
      const { check: request, contents = {} } = input;
      const catalog = catalogOf(input);
      const paths = catalog.peeks(request);
      const known = paths.filter((path) => path in contents);
      const peeks = known.map((path) => peek(path, new Uint8Array(contentOf(contents[path]))));
      return { peeks: paths, findings: catalog.check(peeks, request) };
    },

    waybill({ waybill, keys, signature, next, verify, change, newest, release, signed, ed25519 }) {
      const bytes = (content) => new Uint8Array(contentOf(content));
      if (waybill !== undefined) return engine.parseWaybill(bytes(waybill));
      if (keys !== undefined) return engine.parseKeys(bytes(keys));
      if (signature !== undefined) return engine.parseSignature(bytes(signature));
      if (next !== undefined) return engine.nextKeys(bytes(next.keys), bytes(next.document), filesOf(next.signatures));
      if (verify !== undefined) {
        const { document, signatures, keys, name, now } = verify;
        return engine.verifySigned(bytes(document), filesOf(signatures), bytes(keys), name, now);
      }
      if (change !== undefined) {
        const { threshold_root: thresholdRoot, threshold_release: thresholdRelease, ...keys } = change.request;
        const asked = { thresholdRoot, thresholdRelease, ...keys };
        const { keys: before, product } = change;
        return engine.parseKeys(before === undefined ? engine.firstKeys(product, asked) : engine.changedKeys(bytes(before), asked));
      }
      if (newest !== undefined) {
        const first = newest.first === undefined ? undefined : bytes(newest.first);
        return engine.parseKeys(engine.newestKeys(filesOf(newest.documents), first));
      }
      if (release !== undefined) {
        const { needs_firmware: needsFirmware, ...request } = release.request;
        const asked = { needsFirmware, ...request };
        return engine.parseWaybill(catalogOf(release).waybill(asked, release.listing, filesOf(release.documents)));
      }
      if (signed !== undefined) {
        return catalogOf(signed).signed(bytes(signed.keys), signed.listing, filesOf(signed.documents), signed.now);
      }
      const [key, message, octets] = [ed25519.key, ed25519.message, ed25519.signature].map((hex) => Buffer.from(hex, "hex"));
      const blob = Buffer.concat([Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20"), key]);
      return engine.verifyEd25519(`ssh-ed25519 ${base64(blob)}`, new Uint8Array(message), new Uint8Array(octets));
    },

    delta({ make, apply }) {
      const bytes = (content) => new Uint8Array(contentOf(content));
      if (apply !== undefined) return hex(applyPatch(bytes(apply.old), bytes(apply.patch)));
      const [old, content] = [bytes(make.old), bytes(make.new)];
      const patch = makePatch(old, content);
      return hex(applyPatch(old, patch)) === hex(content) ? hex(patch) : "gives another file";
    },

    report({ plan, base_url: baseUrl, firmware_version: firmwareVersion, ...options }) {
      return report(plan, { baseUrl, firmwareVersion, ...options }).split("\n");
    },

    verify(input) {
      if (input.manifest !== undefined) return verifyContent(Manifest.parse(input.manifest), input.found ?? []);
      return verifyDevice(catalogOf(input), input.version, input.found ?? []);
    },
  };
}
