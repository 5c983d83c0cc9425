import { readFileSync } from "node:fs";
import { hash } from "node:crypto";
import { locatePath } from "../base/locate.ts";
import { consolePageMissing } from "./errors.ts";

export interface Page {
  html: string;
  /** Lets in the scripts and styles that are in the page, by their digests, and nothing else from anywhere. */
  policy: string;
}

/** The page as built. Throws `consolePageMissing`. */
export function readPage(): Page {
  const path = locatePath(import.meta.url, "../../dist/web/console.html", "web/console.html");
  let html: string;
  try {
    html = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw consolePageMissing({ path }, { cause: error });
  }
  const policy = [
    "default-src 'none'",
    `script-src ${listDigests(html, "script")}`,
    `style-src ${listDigests(html, "style")}`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { html, policy };
}

function listDigests(html: string, element: "script" | "style"): string {
  const texts = [...html.matchAll(new RegExp(`<${element}\\b[^>]*>([\\s\\S]*?)</${element}>`, "g"))];
  return texts.map(([, text = ""]) => `'sha256-${hash("sha256", text, "base64")}'`).join(" ");
}
