/** The image's own pixels along an edge of the pad, as on a drawing board. */
export function Ruler({ along, length }: { along: "top" | "left"; length: number }) {
  const fine = fineStep(length);
  const ticks = Array.from({ length: Math.floor(length / fine) + 1 }, (_, at) => at * fine);
  return (
    <div class="ruler" data-along={along} aria-hidden="true">
      {ticks.map((at) => {
        const long = Math.round(at / fine) % numberEvery(length, fine) === 0;
        return (
          <span key={at} class={long ? "tick tick-long" : "tick"} style={{ "--at": at / length }}>
            {long && <span class="tick-number">{at}</span>}
          </span>
        );
      })}
    </div>
  );
}

/** A tick every pixel on small images; 32 ticks at most. */
function fineStep(length: number): number {
  return (
    [1, 2, 4, 7, 8, 14, 16, 28, 32, 56, 64].find((step) => length % step === 0 && length / step <= 32) ?? length / 28
  );
}

function numberEvery(length: number, fine: number): number {
  const ticks = Math.round(length / fine);
  return [7, 8, 5, 6, 4].find((every) => ticks % every === 0) ?? ticks;
}
