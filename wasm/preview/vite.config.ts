import { readdirSync, readFileSync } from "node:fs";

import { defineConfig, type Plugin } from "vite";

/** Puts the licences of the libraries beside the page, as they ask for. Vite's own list leaves out what only a worker uses. */
function licenses(): Plugin {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    packages: Record<string, { dev?: boolean; link?: boolean; version: string; license: string }>;
  };
  const libraries = Object.entries(packages).filter(([path, { dev, link }]) => /^node_modules/.test(path) && !dev && !link);
  const texts = libraries.map(([path, { version, license }]) => {
    const file = readdirSync(path).find((name) => /^licen[cs]e/i.test(name));
    const text = file === undefined ? "" : readFileSync(`${path}/${file}`, "utf8");
    return `## ${path.replace("node_modules/", "")} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return {
    name: "licenses",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "licenses.md", source: `# Licences of the libraries in this page\n\n${texts.join("\n")}` });
    },
  };
}

// `licenses.md` has the texts once; a library may have its own in each file, larger than its code.
const comments = { legal: false };

/** The page, and the component by itself for other pages: what the server has, under names that have a hash. */
const page = {
  outDir: "../../python/airwaybill/preview",
  input: { page: "index.html", "release-preview": "src/release-preview.ts" },
  entries: ({ name }: { name: string }) => (name === "release-preview" ? "release-preview.js" : "assets/[name]-[hash].js"),
  workers: "assets/[name]-[hash].js",
  assets: "assets/[name]-[hash][extname]",
};

/** The component by itself for npm: bundlers give its files names. */
const component = {
  outDir: "package/dist",
  input: { "release-preview": "src/release-preview.ts" },
  entries: "[name].js",
  workers: ({ facadeModuleId }: { facadeModuleId: string | null }) => (facadeModuleId?.endsWith("engine/worker.ts") ? "engine-worker.js" : "hash-worker.js"),
  assets: "[name][extname]",
};

export default defineConfig(({ mode }) => {
  const { outDir, input, entries, workers, assets } = mode === "package" ? component : page;
  return {
    plugins: [licenses()],
    base: "./",
    publicDir: mode === "package" ? false : "public",
    // Its module is loaded by the worker, from where the page says that it is: `engine/start.ts`.
    resolve: { alias: [{ find: /^airwaybill$/, replacement: "airwaybill/manual" }] },
    worker: { format: "es", rollupOptions: { output: { comments, entryFileNames: workers, assetFileNames: assets } } },
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2023",
      // A data: address would need a hole in the page's security policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: { input, preserveEntrySignatures: "exports-only", output: { comments, entryFileNames: entries, assetFileNames: assets } },
    },
  };
});
