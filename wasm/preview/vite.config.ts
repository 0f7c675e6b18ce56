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

export default defineConfig({
  plugins: [licenses()],
  base: "./",
  worker: { format: "es", rollupOptions: { output: { comments } } },
  build: {
    outDir: "../../python/airwaybill/preview",
    emptyOutDir: true,
    target: "es2023",
    // A data: address would need a hole in the page's security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      // The page, and the component by itself for other pages of the same server.
      input: { page: "index.html", "release-preview": "src/release-preview.ts" },
      preserveEntrySignatures: "exports-only",
      output: {
        comments,
        entryFileNames: ({ name }) => (name === "release-preview" ? "release-preview.js" : "assets/[name]-[hash].js"),
      },
    },
  },
});
