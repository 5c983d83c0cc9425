import { curlLine } from "../model/card.ts";
import { Copy } from "./copy.tsx";
import { picture, route } from "./store.ts";

/** The same question from a terminal. */
export function Curl() {
  if (route.value === undefined) return null;
  const line = curlLine(route.value, document.baseURI, picture.value?.name ?? "image.png");
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
