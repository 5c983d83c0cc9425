import { render } from "preact";
import { App } from "./app.tsx";
import { openPage } from "./store.ts";

openPage();
render(<App />, document.querySelector("#app")!);
