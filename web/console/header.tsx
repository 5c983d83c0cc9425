import { ThemeChoice } from "../page/theme.tsx";
import { place, project } from "./store.ts";

export function Header() {
  const { page } = place.value;
  const here = (name: string) => (page.startsWith(name) ? "page" : undefined);
  return (
    <header class="masthead">
      <svg class="mark" viewBox="0 0 40 40" aria-hidden="true">
        <circle cx="20" cy="20" r="11.5" />
        <path d="M2 20h36" />
      </svg>
      <div class="masthead-name">
        <p class="overline">Slipway console</p>
        <h1>{project.value.value?.name ?? "…"}</h1>
      </div>
      <div class="masthead-side">
        <nav class="tabs" aria-label="Pages">
          <a href="#/data" aria-current={here("data")}>
            Data
          </a>
          <a href="#/models" aria-current={here("model")}>
            Models
          </a>
        </nav>
        <ThemeChoice />
      </div>
    </header>
  );
}
