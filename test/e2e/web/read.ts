/** @file What stands on the page. Scripts are text: they run in the browser, whose types the tests do not have. */
import type { Page } from "playwright-core";

export interface Shown {
  probability: string;
  /** Label and number of each row of the table, as they stand. */
  bars: [label: string, number: string][];
}

/** Both at one moment: a live reading may change between two questions. */
export function readShown(page: Page): Promise<Shown> {
  return page.evaluate<Shown>(`({
    probability: document.querySelector(".probability").textContent,
    bars: [...document.querySelectorAll(".bars tbody tr")].map((row) => [
      row.querySelector("th").textContent,
      row.querySelector(".bar-number").textContent,
    ]),
  })`);
}

/** Grey levels of the preview: what the model gets. */
export function readSeen(page: Page): Promise<number[]> {
  return page.evaluate<number[]>(`(() => {
    const canvas = document.querySelector(".sending canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return Array.from({ length: data.length / 4 }, (_, pixel) => data[pixel * 4]);
  })()`);
}
