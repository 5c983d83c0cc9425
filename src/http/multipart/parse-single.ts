import type { Part } from "./types.ts";

/* The form that browsers, curl and every client library send for one file, byte for byte; see docs/adr/0003-http.md for what it saves. */
const head =
  /^Content-Disposition: form-data; name="([^"\\%\r\n]{1,200})"(?:; filename="([^"\\%\r\n]{0,400})")?(?:\r\nContent-Type: [ -~]{1,200})?$/i;

/**
 * The only part of a form that has exactly one, written plainly; nothing where the form has more parts, other headers,
 * escapes or faults: those are for the full parser. `content` is a view of `body`.
 */
export function parseSinglePart(body: Buffer, boundary: string): Part | undefined {
  const opening = `--${boundary}\r\n`;
  const closing = `\r\n--${boundary}--`;
  if (body.length < opening.length + closing.length || body.toString("latin1", 0, opening.length) !== opening)
    return undefined;
  const headEnd = body.indexOf("\r\n\r\n", opening.length, "latin1");
  if (headEnd < 0 || headEnd - opening.length > 1000) return undefined;
  const text = body.toString("latin1", opening.length, headEnd);
  const match = head.exec(text);
  // Letters beyond ASCII may be UTF-8: the full parser knows.
  if (match === null || /[^ -~\r\n]/.test(text)) return undefined;
  const start = headEnd + 4;
  // The first delimiter must be the last: otherwise there are more parts. Its line break may be the one that ends the head
  // (RFC 2046 §5.1.1: a part without a body), so the search begins there.
  const end = body.indexOf(`\r\n--${boundary}`, headEnd + 2, "latin1");
  if (end < start || body.toString("latin1", end, end + closing.length) !== closing) return undefined;
  const rest = body.length - end - closing.length;
  if (rest !== 0 && !(rest === 2 && body[body.length - 2] === 13 && body[body.length - 1] === 10)) return undefined;
  const [, name = "", fileName] = match;
  return { name, content: body.subarray(start, end), ...(fileName !== undefined && { fileName }) };
}
