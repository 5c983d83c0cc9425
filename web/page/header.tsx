import { card, link } from "./store.ts";
import { ThemeChoice } from "./theme.tsx";

const states = {
  connecting: "Looking for the server",
  here: "Serving",
  away: "Server away, trying again",
};

export function Header() {
  return (
    <header class="masthead">
      <svg class="mark" viewBox="0 0 40 40" aria-hidden="true">
        {/* The load line that a ship carries amidships. */}
        <circle cx="20" cy="20" r="11.5" />
        <path d="M2 20h36" />
      </svg>
      <div class="masthead-name">
        <p class="overline">Slipway playground</p>
        <h1>{card.value?.name ?? "…"}</h1>
      </div>
      <div class="masthead-side">
        <p class="lamp" data-state={link.value} role="status">
          <span class="lamp-glass" aria-hidden="true" />
          {states[link.value]}
        </p>
        <a class="quiet-link" href="docs">
          API
        </a>
        <ThemeChoice />
      </div>
    </header>
  );
}
