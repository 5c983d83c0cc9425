/** A sentence of the catalogue: what stands in backticks is code. */
export function Words({ text }: { text: string }) {
  return (
    <>
      {text.split("`").map((part, at) =>
        // Every second part stood between two of them.
        at % 2 === 1 ? <code key={at}>{part}</code> : part,
      )}
    </>
  );
}
