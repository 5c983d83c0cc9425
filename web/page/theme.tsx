import { effect, signal } from "@preact/signals";
import { recall, remember } from "./storage.ts";

const themes = ["auto", "light", "dark"] as const;
type Theme = (typeof themes)[number];

const words: Record<Theme, string> = { auto: "As the system", light: "Light", dark: "Dark" };
const shapes: Record<Theme, string> = {
  auto: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
  light:
    "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M13 3l-1.2 1.2M4.2 11.8 3 13",
  dark: "M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z",
};

const theme = signal<Theme>(themes.find((known) => known === recall("slipway.theme")) ?? "auto");

effect(() => {
  if (theme.value === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
});

export function ThemeChoice() {
  return (
    <fieldset class="choice">
      <legend class="unseen">Theme</legend>
      {themes.map((name) => (
        <label key={name} title={words[name]}>
          <input
            type="radio"
            name="theme"
            value={name}
            checked={theme.value === name}
            onChange={() => {
              theme.value = name;
              remember("slipway.theme", name === "auto" ? undefined : name);
            }}
          />
          <span class="choice-face">
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d={shapes[name]} class={name === "auto" ? "half" : undefined} />
            </svg>
            <span class="unseen">{words[name]}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
