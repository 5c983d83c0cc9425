import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { openLiveLine, renderLine } from "./live.ts";

const event = {
  step: "train",
  label: "epoch 3/12",
  done: 41,
  total: 100,
  figures: { step: "8/62", "samples/s": "8,512", loss: "0.082", accuracy: "0.981", left: "14 s" },
};
const plain = (columns: number) => stripVTControlCharacters(renderLine(event, "⠹", 3, columns));

test("a wide terminal shows the bar and every figure", () => {
  expect(plain(140)).toBe(
    "⠹ train       epoch 3/12 ━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌  41 % · step 8/62 · 8,512 samples/s · loss 0.082 · accuracy 0.981 · left 14 s",
  );
});

test("a narrow one gives up bar and step first, then cuts, and never wraps", () => {
  expect(plain(106)).toBe(
    "⠹ train       epoch 3/12 ━━━━╌╌╌╌╌╌  41 % · 8,512 samples/s · loss 0.082 · accuracy 0.981 · left 14 s",
  );
  expect(plain(92)).toBe("⠹ train       epoch 3/12  41 % · 8,512 samples/s · loss 0.082 · accuracy 0.981 · left 14 s");
  expect(plain(60)).toBe("⠹ train       epoch 3/12  41 % · 8,512 samples/s · loss 0.…");
  for (let columns = 10; columns < 160; columns++) expect(plain(columns).length).toBeLessThan(columns);
});

test("the time left is guessed where a step does not say it", () => {
  const line = renderLine({ step: "data", label: "read files", done: 25, total: 100 }, "⠹", 10, 120);
  expect(stripVTControlCharacters(line)).toBe("⠹ data        read files ━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  25 % · left 0:30");
});

test("a line that was drawn is taken away; none is, if nothing was drawn", () => {
  const written: string[] = [];
  const live = openLiveLine({ write: (text: string) => written.push(text) > 0, columns: 80 });
  live.clear();
  expect(written).toEqual([]);
  live.report({ step: "data", label: "read files" });
  live.clear();
  live.clear();
  expect(written.map((text) => stripVTControlCharacters(text))).toEqual(["\r⠙ data        read files", "\r"]);
});
