import { useRef } from "preact/hooks";
import { setShortcuts, shortcuts } from "./listen.ts";
import { clear, isEmpty, showPicture, undo } from "./store.ts";

export function Tools() {
  const chooser = useRef<HTMLInputElement>(null);
  return (
    <div class="tools" role="group" aria-label="Drawing tools">
      <button type="button" disabled={isEmpty.value} onClick={undo}>
        Undo
        <Key>u</Key>
      </button>
      <button type="button" disabled={isEmpty.value} onClick={clear}>
        Clear
        <Key>c</Key>
      </button>
      <button type="button" class="tools-wide" onClick={() => chooser.current?.click()}>
        Choose image…
      </button>
      <input
        ref={chooser}
        type="file"
        accept="image/*"
        class="unseen"
        tabIndex={-1}
        aria-label="Image file"
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file !== undefined) showPicture(file);
          // The same file again is a change too.
          currentTarget.value = "";
        }}
      />
    </div>
  );
}

/** How to draw without a pointer, and the switch for single keys. */
export function Keys() {
  return (
    <details class="keys">
      <summary>Drawing with the keyboard</summary>
      <dl>
        <dt>
          <kbd>↑</kbd> <kbd>↓</kbd> <kbd>←</kbd> <kbd>→</kbd>
        </dt>
        <dd>move the pen, on the drawing area; with Shift in small steps</dd>
        <dt>
          <kbd>Space</kbd>
        </dt>
        <dd>held down: the pen draws</dd>
        <dt>
          <kbd>Enter</kbd>
        </dt>
        <dd>puts the pen down, and lifts it again</dd>
        <dt>
          <kbd>u</kbd> <kbd>Ctrl Z</kbd>
        </dt>
        <dd>undo</dd>
        <dt>
          <kbd>c</kbd>
        </dt>
        <dd>clear</dd>
      </dl>
      <label class="switch">
        <input
          type="checkbox"
          checked={shortcuts.value}
          onChange={({ currentTarget }) => setShortcuts(currentTarget.checked)}
        />
        Single keys <kbd>u</kbd> and <kbd>c</kbd> work anywhere on the page
      </label>
    </details>
  );
}

function Key({ children }: { children: string }) {
  return shortcuts.value ? (
    <kbd aria-hidden="true" class="tool-key">
      {children}
    </kbd>
  ) : null;
}
