import { useEffect, useRef } from "preact/hooks";
import { framing, input, picture, seen, setFraming } from "./store.ts";

/** The very pixels that are sent, and the two choices that make them from ink. */
export function Sending() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = input.value;
  const pixels = seen.value;
  const fittedFrom = picture.value?.fittedFrom;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === null || context === undefined || size === undefined) return;
    context.clearRect(0, 0, size.width, size.height);
    if (pixels !== undefined) context.putImageData(new ImageData(pixels, size.width, size.height), 0, 0);
  }, [pixels, size]);
  if (size === undefined) return null;
  return (
    <div class="sending">
      <canvas
        ref={canvas}
        width={size.width}
        height={size.height}
        role="img"
        aria-label={pixels === undefined ? "Nothing yet" : "The image as the model gets it"}
        data-empty={pixels === undefined}
        data-fine={size.width > 64}
      />
      <div>
        <h3 class="overline">As the model sees it</h3>
        <p class="small">
          {size.width} × {size.height} px, {size.channels === 1 ? "grey" : "colour"}
          {fittedFrom !== undefined && `, fitted from ${fittedFrom.width} × ${fittedFrom.height}`}
        </p>
        <Switches />
      </div>
    </div>
  );
}

function Switches() {
  const { centred, ink } = framing.value;
  const off = picture.value !== undefined;
  return (
    <fieldset class="switches" disabled={off}>
      <legend class="unseen">How the drawing is sent</legend>
      <label class="switch">
        <input
          type="checkbox"
          checked={centred}
          onChange={({ currentTarget }) => setFraming({ centred: currentTarget.checked })}
        />
        Centre and scale
      </label>
      <label class="switch">
        <input
          type="checkbox"
          checked={ink === "light"}
          onChange={({ currentTarget }) => setFraming({ ink: currentTarget.checked ? "light" : "dark" })}
        />
        Light ink on black
      </label>
    </fieldset>
  );
}
