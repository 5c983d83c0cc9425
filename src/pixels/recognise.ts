/** What bytes that are no JPEG, PNG or WebP look like, for the error's words: `a GIF file`, `text ("hello…")`. */
export function recogniseOther(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64)).toString("latin1");
  const known = signatures.find(([at, pattern]) => start.startsWith(pattern, at));
  if (known !== undefined) return known[2];
  if (/^\s*<(svg|\?xml)/i.test(start)) return "an SVG or XML file";
  if (/^\s*<(!doctype|html)/i.test(start)) return "an HTML page";
  if (/^[\t\n\r\u0020-\u007e]*$/.test(start)) return `text (${JSON.stringify(`${start.slice(0, 16)}…`)})`;
  return `of an unknown kind (its first bytes are ${Buffer.from(start.slice(0, 4), "latin1").toString("hex")})`;
}

/** Offset, bytes as Latin-1, and the words. The first that fits wins. */
const signatures: readonly (readonly [at: number, bytes: string, seen: string])[] = [
  [0, "GIF8", "a GIF file"],
  [0, "BM", "a BMP file"],
  [0, "II*\0", "a TIFF file"],
  [0, "MM\0*", "a TIFF file"],
  [4, "ftypavi", "an AVIF file"],
  [4, "ftyphei", "a HEIC file"],
  [4, "ftypmif1", "a HEIC file"],
  [4, "ftyp", "an MP4 video"],
  [4, "JXL ", "a JPEG XL file"],
  [0, "\u00ff\u000a", "a JPEG XL file"],
  [4, "jP  ", "a JPEG 2000 file"],
  [0, "\0\0\u0001\0", "an icon file"],
  [0, "%PDF", "a PDF file"],
  [0, "PK\u0003\u0004", "a ZIP archive"],
  [0, "\u001f\u008b", "a gzip file"],
  [0, "\u0093NUMPY", "a NumPy file"],
];
