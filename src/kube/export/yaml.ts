/**
 * @file Objects as YAML that every reader takes the same way. kubectl, Helm and Kustomize read YAML 1.1, in which yes, on, 12:30:45 and 0x1f are no texts; so
 * a text is written bare only where no version of YAML could take it for anything else.
 */
import { Document, isScalar, Scalar, visit } from "yaml";

/** One document, with a line end behind it. Keys stay in their order. */
export function toYaml(value: object): string {
  // Anchors for what appears twice would be right, and nobody would like to read them.
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === "string") node.type = chooseStyle(node.value);
    },
    Pair(_key, { key }) {
      if (isScalar(key) && typeof key.value === "string")
        key.type = isBare(key.value) ? Scalar.PLAIN : Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0, indentSeq: false, doubleQuotedMinMultiLineLength: Infinity });
}

/** Many objects in one stream, as `kubectl apply -f` reads it. */
export function toYamlStream(objects: readonly object[]): string {
  return objects.map(toYaml).join("---\n");
}

function chooseStyle(text: string): Scalar.Type {
  if (isBare(text)) return Scalar.PLAIN;
  return isBlock(text) ? Scalar.BLOCK_LITERAL : Scalar.QUOTE_DOUBLE;
}

/** Words of YAML 1.1 and 1.2 that are values of other types. */
const words = new Set(["y", "n", "yes", "no", "on", "off", "true", "false", "null"]);

/**
 * Begins with a letter or a slash and has no sign that YAML knows: so it is no number, time, mark or comment either. Quantities
 * such as `200Mi` are as safe, and bare everywhere else.
 */
function isBare(text: string): boolean {
  if (/^\d+(?:m|[KMGT]i)$/.test(text)) return true;
  // Some readers of YAML 1.1 take an exponent alone, `E0`, for a number.
  return /^[A-Za-z/][\w./-]*$/.test(text) && !words.has(text.toLowerCase()) && !/^e-?\d+$/i.test(text);
}

/** Several lines of printable text. What YAML 1.1 takes for a line end, and what begins with white space, would come back changed. */
function isBlock(text: string): boolean {
  return (
    text.length < 65_536 &&
    /^[^\s\0]/.test(text) &&
    /[^\n]\n/.test(text) &&
    /^[\t\n\x20-\x7e\u{a0}-\u{2027}\u{202a}-\u{d7ff}\u{e000}-\u{fefe}\u{ff00}-\u{fffd}\u{10000}-\u{10ffff}]*$/u.test(
      text,
    )
  );
}
