/**
 * @file Builds dist/web/playground.html, or with `--mode console` dist/web/console.html: each one file with its script and styles inside, which
 * asks the network for nothing but its own server. Apart, because what two pages share would become a file of its own.
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { inlineIntoPage } from "./inline.ts";

export default defineConfig(({ mode }) => ({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [inlineIntoPage()],
  build: {
    outDir: fileURLToPath(new URL("../dist/web", import.meta.url)),
    // The other page stays.
    emptyOutDir: false,
    target: "es2022",
    cssCodeSplit: false,
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: fileURLToPath(new URL(mode === "console" ? "console.html" : "playground.html", import.meta.url)),
    },
  },
}));
