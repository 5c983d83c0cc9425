import { DataPage } from "./data-page.tsx";
import { Header } from "./header.tsx";
import { ModelPage } from "./model-page.tsx";
import { ModelsPage } from "./models-page.tsx";
import { place } from "./store.ts";

export function App() {
  const { page } = place.value;
  return (
    <div class="sheet">
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The address after # is the page's place.
          event.preventDefault();
          document.querySelector<HTMLElement>("#main")?.focus();
        }}
      >
        Skip to the content
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        {page === "data" && <DataPage />}
        {page === "models" && <ModelsPage />}
        {page === "model" && <ModelPage />}
      </main>
    </div>
  );
}
