import { useEffect, useRef } from "preact/hooks";
import { formatCount } from "../model/format.ts";
import { Copy } from "../page/copy.tsx";
import { Fact } from "./facts.tsx";
import { Picture } from "./picture.tsx";
import { data } from "./store.ts";
import { formatMargin, type Suspicion } from "./suspicion.ts";

export interface LookOptions {
  suspicions: readonly Suspicion[];
  total: number;
  at: number;
  onMove: (to: number) => void;
  onClose: () => void;
}

/** One suspicion at large; the arrow keys lead to the next, Escape leads back. */
export function Look({ suspicions, total, at, onMove, onClose }: LookOptions) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const suspicion = suspicions[at];
  if (suspicion === undefined) return null;
  const { path, label, looksLike, margin, kind, copyOf } = suspicion;
  const folder = data.value.value?.folder ?? "";
  return (
    <dialog
      ref={dialog}
      class="look"
      aria-labelledby="look-title"
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && dialog.current?.close()}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        onMove(at + step);
      }}
    >
      <div class="look-body">
        <div class="plate-head">
          <h2 id="look-title" class="plate-title">
            {formatCount(at + 1)} of {formatCount(total)}
          </h2>
          <button type="button" class="small-button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
        <div class="look-pictures">
          <figure>
            <Picture key={path} path={path} alt={`Labelled ${label}`} />
            {copyOf !== undefined && <figcaption class="small">labelled {label}</figcaption>}
          </figure>
          {copyOf !== undefined && (
            <figure>
              <Picture key={copyOf} path={copyOf} alt={`Labelled ${looksLike}`} />
              <figcaption class="small">labelled {looksLike}</figcaption>
            </figure>
          )}
        </div>
        <dl class="facts" aria-live="polite">
          <Fact name="Label">
            <b class="look-label">{label}</b>
          </Fact>
          <Fact name={kind === "relabelled" ? "Was" : "Looks like"}>
            <b class="look-label">{looksLike}</b>
          </Fact>
          <Fact name="Margin">
            {formatMargin(margin)}
            <span class="small">how much more likely {looksLike} is, of 1</span>
          </Fact>
          <Fact name="File">
            <span class="digest">
              <code class="path">{path}</code>
              <Copy text={`${folder}/${path}`} what="the file's path" />
            </span>
          </Fact>
          {copyOf !== undefined && (
            <Fact name="Copy of">
              <span class="digest">
                <code class="path">{copyOf}</code>
                <Copy text={`${folder}/${copyOf}`} what="the other file's path" />
              </span>
            </Fact>
          )}
        </dl>
        <p class="small">
          If the label is wrong, put the file into its own label's folder, or aside, then <code>slipway data lock</code>
          .
        </p>
        <div class="look-steps">
          <button type="button" disabled={at === 0} onClick={() => onMove(at - 1)}>
            ← Previous
          </button>
          <button type="button" disabled={at + 1 >= suspicions.length} onClick={() => onMove(at + 1)}>
            Next →
          </button>
        </div>
      </div>
    </dialog>
  );
}
