import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  worker: { format: "es" },
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
        entryFileNames: ({ name }) => (name === "release-preview" ? "release-preview.js" : "assets/[name]-[hash].js"),
      },
    },
  },
});
