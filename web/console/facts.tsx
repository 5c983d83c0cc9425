import type { ComponentChildren } from "preact";
import { formatDigest, formatTime } from "../model/format.ts";
import { Copy } from "../page/copy.tsx";

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Digest({ of, digest }: { of: string; digest: string }) {
  return (
    <span class="digest" data-digest={of}>
      <code title={digest}>{formatDigest(digest)}</code>
      <Copy text={digest} what={`the ${of} digest`} />
    </span>
  );
}

export function Time({ at }: { at: string }) {
  return <time dateTime={at}>{formatTime(at)}</time>;
}
