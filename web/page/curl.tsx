import { curlJson, curlLine } from "../model/card.ts";
import { Copy } from "./copy.tsx";
import { filled, form, picture, route } from "./store.ts";

/** The same question from a terminal. */
export function Curl() {
  const line = lineOf();
  if (line === undefined) return null;
  return (
    <div class="curl">
      <div class="curl-head">
        <h3 class="overline">From a terminal</h3>
        <Copy text={line} what="the curl line" />
      </div>
      <pre tabIndex={0} aria-label="curl line">
        <code>{line}</code>
      </pre>
    </div>
  );
}

function lineOf(): string | undefined {
  const wanted = form.value;
  if (wanted !== undefined) {
    const empty =
      wanted.kind === "text" ? { text: "Hello" } : Object.fromEntries(wanted.names.map((name) => [name, 0]));
    return curlJson("playground/predict", document.baseURI, filled.value ?? empty);
  }
  if (route.value === undefined) return undefined;
  return curlLine(route.value, document.baseURI, picture.value?.name ?? "image.png");
}
