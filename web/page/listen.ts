/** @file What the page hears as a whole: pasted and dropped images, and the single-key shortcuts. */
import { signal } from "@preact/signals";
import { recall, remember } from "./storage.ts";
import { clear, showPicture, undo } from "./store.ts";

/** A file is being dragged over the page. */
export const dragging = signal(false);

/** Single keys can be switched off: who dictates to the computer would trip over them (WCAG 2.1.4). */
export const shortcuts = signal(recall("slipway.shortcuts") !== "off");

export function setShortcuts(on: boolean): void {
  shortcuts.value = on;
  remember("slipway.shortcuts", on ? "on" : "off");
}

export function listenToPage(): void {
  addEventListener("keydown", (event) => {
    const undoes = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
    if (undoes && !isWriting(event.target)) {
      event.preventDefault();
      undo();
    }
    if (!shortcuts.value || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    if (event.key === "c") clear();
    if (event.key === "u") undo();
  });
  addEventListener("paste", (event) => take([...(event.clipboardData?.files ?? [])], event));
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    dragging.value = true;
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) dragging.value = false;
  });
  addEventListener("drop", (event) => {
    dragging.value = false;
    take([...(event.dataTransfer?.files ?? [])], event);
  });
}

function take(files: readonly File[], event: Event): void {
  const file = files.find(({ type }) => type.startsWith("image/")) ?? files[0];
  if (file === undefined) return;
  event.preventDefault();
  showPicture(file);
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName)) &&
    !isChoice(target)
  );
}

function isChoice(target: HTMLElement): boolean {
  return target instanceof HTMLInputElement && ["checkbox", "radio", "button", "file"].includes(target.type);
}
