/** @file A hand that draws on the pad, by mouse and by finger, from points that are shares of the pad; and that drops and pastes files. */
import type { Page } from "playwright-core";

type Path = readonly (readonly [x: number, y: number])[];

export const one: Path = [
  [0.53, 0.15],
  [0.51, 0.4],
  [0.49, 0.65],
  [0.47, 0.87],
];
export const seven: Path = [
  [0.26, 0.2],
  [0.5, 0.19],
  [0.74, 0.2],
  [0.64, 0.42],
  [0.54, 0.65],
  [0.46, 0.88],
];
export const zero: Path = Array.from({ length: 25 }, (_, at) => {
  const angle = (at / 24) * 2 * Math.PI - Math.PI / 2;
  return [0.5 + 0.24 * Math.cos(angle), 0.5 + 0.34 * Math.sin(angle)] as const;
});

export async function drawByMouse(page: Page, path: Path, { lift = true } = {}): Promise<void> {
  const [first, ...rest] = await placesOn(page, path);
  await page.mouse.move(first!.x, first!.y);
  await page.mouse.down();
  for (const { x, y } of rest) await page.mouse.move(x, y, { steps: 4 });
  if (lift) await page.mouse.up();
}

/** Real touch events, as a screen sends them. */
export async function drawByFinger(page: Page, path: Path): Promise<void> {
  const [first, ...rest] = await placesOn(page, path);
  const session = await page.context().newCDPSession(page);
  const send = (type: "touchStart" | "touchMove" | "touchEnd", touchPoints: { x: number; y: number }[]) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints });
  await send("touchStart", [first!]);
  for (const place of rest) await send("touchMove", [place]);
  await send("touchEnd", []);
}

/** Hands the page a file the way a drag or a paste does. */
export async function give(
  page: Page,
  kind: "drop" | "paste",
  bytes: Buffer,
  name: string,
  type: string,
): Promise<void> {
  const script = `(() => {
    const bytes = Uint8Array.from(atob(${JSON.stringify(bytes.toString("base64"))}), (sign) => sign.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], ${JSON.stringify(name)}, { type: ${JSON.stringify(type)} }));
    const event = ${kind === "drop" ? 'new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })' : 'new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })'};
    document.querySelector("#pad").dispatchEvent(event);
    return event.defaultPrevented;
  })()`;
  if (!(await page.evaluate<boolean>(script))) throw new Error(`The page did not take what came by ${kind}.`);
}

async function placesOn(page: Page, path: Path): Promise<{ x: number; y: number }[]> {
  const pad = page.locator("#pad");
  await pad.scrollIntoViewIfNeeded();
  const box = (await pad.boundingBox())!;
  return path.map(([x, y]) => ({ x: box.x + x * box.width, y: box.y + y * box.height }));
}
