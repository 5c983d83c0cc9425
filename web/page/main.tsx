import { render } from "preact";
import { App } from "./app.tsx";
import { listenToPage } from "./listen.ts";

listenToPage();
render(<App />, document.querySelector("#app")!);
