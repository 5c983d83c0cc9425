import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** A button that copies text, and says that it did. */
export function Copy({ text, what }: { text: string; what: string }) {
  const state = useSignal<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state.value === "idle") return undefined;
    const timer = setTimeout(() => (state.value = "idle"), 1600);
    return () => clearTimeout(timer);
  }, [state.value]);
  const words = { idle: "Copy", copied: "Copied", failed: "Select and copy" };
  return (
    <button
      type="button"
      class="copy"
      aria-label={`Copy ${what}`}
      onClick={() => {
        void copy(text).then((done) => (state.value = done ? "copied" : "failed"));
      }}
    >
      <span aria-hidden="true">{words[state.value]}</span>
      <span class="unseen" role="status">
        {state.value === "idle" ? "" : words[state.value]}
      </span>
    </button>
  );
}

/** The clipboard is closed to pages that came over plain HTTP from another machine; the old way still works there. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    const focused = document.activeElement;
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return done;
  }
}
