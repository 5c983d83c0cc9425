import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SlipwayError } from "../../base/errors.ts";
import {
  contentTypeUnsupported,
  fieldEmpty,
  fieldMissing,
  fieldRepeated,
  multipartMalformed,
  partsTooMany,
} from "../errors.ts";
import { parseBoundary } from "./boundary.ts";
import { parseForm } from "./parse-form.ts";
import { parseSinglePart } from "./parse-single.ts";
import { readFile } from "./read-file.ts";

const boundary = "----b0undary";
const contentType = `multipart/form-data; boundary=${boundary}`;

interface GivenPart {
  name: string;
  fileName?: string;
  content: Uint8Array;
}

function write(parts: readonly GivenPart[], end = `--${boundary}--\r\n`): Buffer {
  const written = parts.flatMap(({ name, fileName, content }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${fileName === undefined ? "" : `; filename="${fileName}"`}\r\n` +
        (fileName === undefined ? "\r\n" : "Content-Type: image/jpeg\r\n\r\n"),
    ),
    content,
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...written, Buffer.from(end)]);
}

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const file = (name: string, content: Uint8Array = bytes("x")): GivenPart => ({ name, fileName: "7.jpg", content });
const read = async (body: Buffer, type: string | undefined = contentType): Promise<Uint8Array> =>
  readFile(body, type, "file");
const codeOf = async (body: Buffer, type?: string): Promise<unknown> =>
  read(body, type).then(
    () => "accepted",
    (error: unknown) => (error instanceof SlipwayError ? error.code : error),
  );

describe("the boundary", () => {
  test.each([
    [`multipart/form-data; boundary=abc`, "abc"],
    [`Multipart/Form-Data;boundary="a b:c"`, "a b:c"],
    [`multipart/form-data; charset=utf-8; boundary=abc; x=y`, "abc"],
  ])("%s", (type, wanted) => expect(parseBoundary(type)).toBe(wanted));

  test.each([
    [undefined, contentTypeUnsupported.code],
    ["application/json", contentTypeUnsupported.code],
    ["multipart/form-database; boundary=a", contentTypeUnsupported.code],
    ["multipart/form-data", multipartMalformed.code],
    ["multipart/form-data; boundary=", multipartMalformed.code],
    [`multipart/form-data; boundary=${"a".repeat(71)}`, multipartMalformed.code],
  ])("%s is refused", (type, code) =>
    expect(() => parseBoundary(type)).toThrow(expect.objectContaining({ code }) as Error),
  );
});

describe("what is picked", () => {
  test("the file in the field, past other fields", async () => {
    const parts = [{ name: "note", content: bytes("hello") }, file("file", bytes("\r\n--\r\ndata"))];
    expect(await read(write(parts))).toEqual(Buffer.from("\r\n--\r\ndata"));
  });

  test.each<[string, Buffer, string]>([
    ["another field", write([file("image")]), fieldMissing.code],
    ["an empty form", Buffer.from(`--${boundary}--\r\n`), fieldMissing.code],
    ["two files", write([file("file"), file("file")]), fieldRepeated.code],
    ["a file of 0 bytes", write([file("file", bytes(""))]), fieldEmpty.code],
    ["too many parts", write(Array.from({ length: 40 }, (_, index) => file(`f${index}`))), partsTooMany.code],
    ["no end", write([file("file")], ""), multipartMalformed.code],
    ["no boundary in the body", Buffer.from("hello"), multipartMalformed.code],
    ["nothing", Buffer.alloc(0), multipartMalformed.code],
  ])("%s is refused", async (_name, body, code) => expect(await codeOf(body)).toBe(code));

  test("the refusal names the fields that were seen", async () => {
    await expect(read(write([file("image"), file("mask")]))).rejects.toThrow(
      'the form has "image", "mask"; wanted a file in the field "file"',
    );
  });

  test("a name in UTF-8 is read as such", async () => {
    const body = write([{ name: "bild-ü", fileName: "ü.jpg", content: bytes("x") }]);
    expect(Buffer.from(await readFile(body, contentType, "bild-ü")).toString()).toBe("x");
  });
});

describe("the short way and the full parser", () => {
  const name = fc.stringMatching(/^[a-z][\w .-]{0,20}$/);
  const part = fc.record({ name, fileName: name, content: fc.uint8Array({ minLength: 1, maxLength: 300 }) });

  test("agree on forms of one file", async () => {
    await fc.assert(
      fc.asyncProperty(part, async (given) => {
        const body = write([given]);
        const short = parseSinglePart(body, boundary);
        const [full] = await parseForm(body, contentType, { parts: 16 });
        expect(short === undefined ? undefined : { ...short, content: [...short.content] }).toEqual({
          ...given,
          content: [...given.content],
        });
        expect(full?.name).toBe(given.name);
        expect([...(full?.content ?? [])]).toEqual([...given.content]);
      }),
      { numRuns: 100 },
    );
  });

  test("agree on a delimiter right behind the head: a part without a body, and more behind it", async () => {
    const whole = write([file("file")]).toString("latin1");
    const body = Buffer.from(whole.replace("\r\n\r\n", `\r\n\r\n--${boundary}`), "latin1");
    expect(parseSinglePart(body, boundary)).toBeUndefined();
  });

  test("agree on damaged forms: the short way never accepts what the full parser reads otherwise", async () => {
    const damage = fc.record({
      at: fc.nat(500),
      drop: fc.nat(6),
      insert: fc.constantFrom("", "\r\n", `\r\n--${boundary}`, "--", '"', "\0"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 3 }), damage, async (parts, { at, drop, insert }) => {
        const whole = write(parts);
        const cut = Math.min(at, whole.length);
        const body = Buffer.concat([whole.subarray(0, cut), Buffer.from(insert), whole.subarray(cut + drop)]);
        const short = parseSinglePart(body, boundary);
        if (short === undefined) return;
        const full = await parseForm(body, contentType, { parts: 16 });
        expect(full.map((one) => ({ name: one.name, content: [...one.content] }))).toEqual([
          { name: short.name, content: [...short.content] },
        ]);
      }),
      { numRuns: 300 },
    );
  });

  test("any bytes give a file or an error of the catalogue", async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        `--${boundary}`,
        "\r\n",
        "--",
        'Content-Disposition: form-data; name="file"',
        "; filename=x",
        ": ",
        "\r\n\r\n",
      ),
      fc.string({ maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
        const outcome = await codeOf(Buffer.from(pieces.join(""), "latin1"));
        expect(outcome).toMatch(/^(accepted|SLIPWAY_HTTP_\w+)$/);
      }),
      { numRuns: 300 },
    );
  });
});
