import type { Plugin } from "vite";

type Bundle = Parameters<Extract<NonNullable<Plugin["generateBundle"]>, (...args: never[]) => unknown>>[1];

/** A Vite plugin that moves every script and style sheet of a page into the page itself, and fails if anything is left outside. */
export function inlineIntoPage(): Plugin {
  return {
    name: "slipway:inline-into-page",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      for (const page of Object.values(bundle)) {
        if (page.type !== "asset" || !page.fileName.endsWith(".html")) continue;
        page.source = inline(String(page.source), bundle);
      }
      const left = Object.keys(bundle).filter((name) => !name.endsWith(".html"));
      if (left.length > 0) this.error(`The page must be one file, but the build also made ${left.join(", ")}.`);
    },
  };
}

function inline(html: string, bundle: Bundle): string {
  const scripts: string[] = [];
  const withoutScripts = html
    .replaceAll(/<script\b[^>]*\bsrc="([^"]+)"[^>]*><\/script>\s*/g, (_tag, path: string) => {
      scripts.push(`<script type="module">${escapeScript(take(bundle, path))}</script>`);
      return "";
    })
    .replaceAll(/<link\b[^>]*\brel="stylesheet"[^>]*>/g, (tag) => {
      const path = /\bhref="([^"]+)"/.exec(tag)?.[1] ?? "";
      return `<style>${take(bundle, path)}</style>`;
    });
  // A function, because `$` in the text of a replacement string means something.
  return withoutScripts.replace("</body>", () => `${scripts.join("\n")}\n</body>`);
}

function take(bundle: Bundle, path: string): string {
  const name = path.replace(/^\.?\//, "");
  const file = bundle[name];
  if (file === undefined) throw new Error(`The page asks for ${path}, which the build did not make.`);
  delete bundle[name];
  return file.type === "chunk" ? file.code : String(file.source);
}

/** `</script` inside a string would end the element. */
function escapeScript(code: string): string {
  return code.replaceAll(/<\/(script)/gi, "<\\/$1").trim();
}
