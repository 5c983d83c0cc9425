import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { penWidth } from "../ink/frame.ts";
import { smooth } from "../ink/smooth.ts";
import type { Point, Size, Stroke } from "../ink/types.ts";
import { Boxes } from "./boxes.tsx";
import { dragging } from "./listen.ts";
import { moveByKey, penTo, type Pen } from "./pen.ts";
import { Ruler } from "./ruler.tsx";
import { beginStroke, detects, extendStroke, input, isEmpty, labels, picture, strokes } from "./store.ts";

const unknownSize = { height: 28, width: 28 };

/** The drawing area: mouse, pen, finger, or the arrow keys. */
export function Pad() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const size: Size = input.value ?? unknownSize;
  const pen = useSignal<Pen>({ at: { x: size.width / 2, y: size.height / 2 }, down: false, shown: false });
  const drawing = useRef<number | undefined>(undefined);

  useInk(canvas, size);

  const place = ({ clientX, clientY }: { clientX: number; clientY: number }): Point => {
    const box = canvas.current!.getBoundingClientRect();
    return { x: ((clientX - box.left) / box.width) * size.width, y: ((clientY - box.top) / box.height) * size.height };
  };
  const digits = labels.value.length > 0 && labels.value.every((label) => /^\d$/.test(label));
  return (
    <div class="pad-frame" style={{ "--ratio": `${size.width} / ${size.height}` }}>
      <Ruler along="top" length={size.width} />
      <Ruler along="left" length={size.height} />
      <div class="pad" data-dragging={dragging.value} data-detects={detects.value}>
        {picture.value === undefined ? (
          <p class="pad-hint" id="pad-hint" hidden={!isEmpty.value || pen.value.shown}>
            {digits ? "Draw a digit" : "Draw something"}
            <span>or drop or paste an image</span>
          </p>
        ) : (
          <PadPicture key={picture.value.url} url={picture.value.url} name={picture.value.name} />
        )}
        <Boxes />
        <canvas
          ref={canvas}
          id="pad"
          tabIndex={0}
          role="application"
          aria-roledescription="drawing area"
          aria-label="Drawing area. The arrow keys move the pen, the space bar held down draws, Enter locks the pen down."
          onPointerDown={(event) => {
            if (event.button !== 0 || drawing.current !== undefined) return;
            canvas.current!.setPointerCapture(event.pointerId);
            drawing.current = event.pointerId;
            pen.value = { ...pen.value, down: false, shown: false };
            beginStroke(place(event));
          }}
          onPointerMove={(event) => {
            if (drawing.current !== event.pointerId) return;
            const all = event.getCoalescedEvents?.() ?? [];
            extendStroke((all.length > 0 ? all : [event]).map(place));
          }}
          onPointerUp={(event) => {
            if (drawing.current === event.pointerId) drawing.current = undefined;
          }}
          onPointerCancel={(event) => {
            if (drawing.current === event.pointerId) drawing.current = undefined;
          }}
          onKeyDown={(event) => {
            const next = moveByKey(pen.value, event, size);
            if (next === undefined) return;
            event.preventDefault();
            if (next.down && !pen.value.down) beginStroke(next.at);
            else if (next.down && next.at !== pen.value.at) extendStroke([next.at]);
            pen.value = next;
          }}
          onKeyUp={(event) => {
            if (event.key === " ") pen.value = { ...pen.value, down: false };
          }}
          onBlur={() => (pen.value = { ...pen.value, down: false, shown: false })}
        />
        {pen.value.shown && (
          <span class="pad-pen" data-down={pen.value.down} style={penTo(pen.value.at, size)} aria-hidden="true" />
        )}
        <p class="unseen" role="status">
          {pen.value.shown && (pen.value.down ? "Pen down" : "Pen up")}
        </p>
      </div>
    </div>
  );
}

/** The image that is asked about; where this browser cannot show it, its name. */
function PadPicture({ url, name }: { url: string; name: string }) {
  const broken = useSignal(false);
  return broken.value ? (
    <p class="pad-hint">
      {name}
      <span>This browser cannot show it.</span>
    </p>
  ) : (
    <img class="pad-picture" src={url} alt={name} onError={() => (broken.value = true)} />
  );
}

/** Draws the ink at the screen's own resolution, once a frame at most, and again when the size or the theme changes. */
function useInk(canvas: { current: HTMLCanvasElement | null }, size: Size): void {
  const ink = picture.value === undefined ? strokes.value : [];
  const latest = useRef({ ink, size });
  latest.current = { ink, size };
  const draw = useRef(() => {
    if (canvas.current !== null) paint(canvas.current, latest.current.ink, latest.current.size);
  });
  useEffect(() => {
    const frame = requestAnimationFrame(draw.current);
    return () => cancelAnimationFrame(frame);
  }, [ink, size]);
  useEffect(() => {
    const again = () => requestAnimationFrame(draw.current);
    const sizes = new ResizeObserver(again);
    sizes.observe(canvas.current!);
    const themes = new MutationObserver(again);
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", again);
    return () => {
      sizes.disconnect();
      themes.disconnect();
      system.removeEventListener("change", again);
    };
  }, []);
}

function paint(canvas: HTMLCanvasElement, ink: readonly Stroke[], size: Size): void {
  const density = Math.min(3, devicePixelRatio);
  const [width, height] = [Math.round(canvas.clientWidth * density), Math.round(canvas.clientHeight * density)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d")!;
  context.setTransform(width / size.width, 0, 0, height / size.height, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  context.strokeStyle = getComputedStyle(canvas).color;
  context.lineWidth = penWidth(size);
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const stroke of ink) {
    const [first, ...rest] = smooth(stroke);
    if (first === undefined) continue;
    context.beginPath();
    context.moveTo(first.x, first.y);
    // A line to its own start is a dot under a round cap.
    for (const { x, y } of rest.length > 0 ? rest : [first]) context.lineTo(x, y);
    context.stroke();
  }
}
