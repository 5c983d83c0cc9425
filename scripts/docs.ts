/** @file Writes docs/errors.md from the rooms' catalogues. `--check` says whether it is current instead. */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ErrorDefinition } from "../src/base/errors.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const path = `${root}docs/errors.md`;
const text = await renderErrors();

if (!process.argv.includes("--check")) writeFileSync(path, text);
else if (readFileSync(path, "utf8") !== text) {
  console.error("docs/errors.md is not what the catalogues say: run `node scripts/docs.ts`");
  process.exit(1);
}

interface Entry {
  code: string;
  definition: ErrorDefinition<Record<string, unknown>>;
}

async function renderErrors(): Promise<string> {
  const entries: Entry[] = [];
  for (const file of globSync("src/*/errors.ts", { cwd: root }).toSorted()) {
    const module: Record<string, unknown> = await import(pathToFileURL(root + file).href);
    entries.push(...Object.values(module).filter(isEntry));
  }
  const twice = entries.filter(({ code }, index) => entries.findIndex((other) => other.code === code) !== index);
  if (twice.length > 0)
    throw new Error(`a code stands for one error only: ${twice.map(({ code }) => code).join(", ")}`);
  const sections = entries
    .toSorted((a, b) => (a.code < b.code ? -1 : 1))
    .map(({ code, definition }) => {
      const facts = [
        definition.exit !== undefined && `exit code ${definition.exit}`,
        definition.status !== undefined && `HTTP ${definition.status}`,
      ];
      const line = facts.filter((fact) => fact !== false).join(" · ");
      return [`## ${code}`, line, render(definition.message), `**Mend:** ${render(definition.mend)}`]
        .filter((part) => part !== "")
        .join("\n\n");
    });
  return [
    "# Errors",
    "Every error a user can meet: what it says, and what to do. Words in ‹angles› are filled in. The codes are stable; programs may rely on them. Written by `node scripts/docs.ts`.",
    ...sections,
    "",
  ].join("\n\n");
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "function" && "code" in value && "definition" in value;
}

/** The text with every parameter shown by its name. */
function render(write: (params: Record<string, unknown>) => string): string {
  const shown = write(named("params") as Record<string, unknown>);
  return shown.replaceAll(/\s*\n\s*/g, " ").replaceAll("<", "\\<");
}

/** Stands for any value: its members are named values too, calls and loops go through it, and as text it is its name in angles. */
function named(name: string): unknown {
  const words = (): string => `‹${name}›`;
  return new Proxy(words, {
    get(_target, key) {
      if (key === Symbol.toPrimitive) return (hint: string) => (hint === "number" ? 2 : words());
      if (key === Symbol.iterator) return () => [named(name)][Symbol.iterator]();
      if (key === "toString" || key === "toJSON") return words;
      if (key === "length" || key === "size") return 2;
      // Methods of arrays, strings and numbers keep the value's name; anything else is a member.
      const method = [Array.prototype, String.prototype, Number.prototype].some((prototype) => key in prototype);
      return method ? () => named(name) : named(String(key));
    },
    apply: () => named(name),
  });
}
