/** @file Builds dist/web/playground.html: one file with its script and styles inside, which asks the network for nothing but its own server. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { inlineIntoPage } from "./inline.ts";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [inlineIntoPage()],
  build: {
    outDir: fileURLToPath(new URL("../dist/web", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: fileURLToPath(new URL("playground.html", import.meta.url)) },
  },
});
