import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { toYaml, toYamlStream } from "./yaml.ts";

/** Texts that some reader of YAML has taken for something else. */
const nasty = [
  [
    "",
    " ",
    "~",
    "null",
    "Null",
    "yes",
    "Yes",
    "no",
    "on",
    "off",
    "y",
    "N",
    "true",
    "FALSE",
    "=",
    "<<",
    "!",
    "&a",
    "*a",
  ],
  [
    "0",
    "1",
    "-1",
    "+1",
    "0x1f",
    "0o17",
    "017",
    "0b11",
    "1_000",
    "1e3",
    "1E3",
    "1E",
    "E0",
    "e-5",
    ".5",
    "5.",
    ".inf",
    "-.INF",
    ".nan",
  ],
  [
    "12:30:45",
    "1:20",
    "190:20:30",
    "2001-12-14",
    "2001-12-14t21:59:43.10-05:00",
    "200Mi",
    "8m",
    "- a",
    "a: b",
    "a #b",
    "#a",
  ],
  ["? a", "key:", "@a", "`a`", "a\nb", "a\nb\n", "a\nb\n\n", "\na", "  a\nb", "a\n  b\n", "a \nb ", "a\tb", "\ta"],
  [
    "a\r\nb",
    "a\rb",
    "a\u0085b",
    "a\u2028b\nc",
    "\ufeffa",
    "---",
    "--- a",
    "a\n---\n",
    "...",
    "%a",
    "{a",
    "[a",
    "]",
    "}",
  ],
  ["'", '"', "\\", "a'b", "\0", "\u007f", "\ud83d\ude00", "café\nnaïve\n", "{{ a }}", "%YAML", "a\n# b\n", "|", ">-"],
].flat();
const text = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: "binary" }), fc.string());
const { value } = fc.letrec<{ value: unknown; list: unknown; map: unknown }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, text, fc.integer(), fc.boolean(), fc.constant(null), tie("list"), tie("map")),
  list: fc.array(tie("value"), { maxLength: 4 }),
  map: fc.dictionary(text, tie("value"), { maxKeys: 4, noNullPrototype: true }),
}));

describe("whatever is written", () => {
  test.each(["1.1", "1.2"] as const)("is read as the same by YAML %s", (version) => {
    for (const each of nasty) {
      expect(parse(toYaml({ [each]: each, list: [each] }), { version, merge: false })).toEqual({
        [each]: each,
        list: [each],
      });
    }
    fc.assert(
      fc.property(fc.dictionary(text, value, { noNullPrototype: true }), (object) => {
        expect(parse(toYaml(object), { version, merge: false })).toEqual(object);
      }),
    );
  });
});

test("is easy on the eye: bare where that is safe, lines as lines, nothing folded", () => {
  const same = { app: "digits" };
  const long = "word ".repeat(60).trim();
  expect(
    toYaml({
      kind: "Service",
      a: same,
      b: same,
      on: "yes",
      list: ["8.0", 8, true],
      note: long,
      file: "1,1,person\n2,2,car\n",
    }),
  ).toBe(
    `kind: Service
a:
  app: digits
b:
  app: digits
"on": "yes"
list:
- "8.0"
- 8
- true
note: "${long}"
file: "1,1,person\\n2,2,car\\n"
`.replace(`"1,1,person\\n2,2,car\\n"`, "|\n  1,1,person\n  2,2,car"),
  );
});

test("several objects are several documents", () => {
  const objects = [{ kind: "A" }, { kind: "B", text: "---\nx" }];
  expect(parseAllDocuments(toYamlStream(objects)).map((document) => document.toJS())).toEqual(objects);
});
