import { CardPlate } from "./card-plate.tsx";
import { Curl } from "./curl.tsx";
import { Form } from "./form.tsx";
import { Header } from "./header.tsx";
import { Notice } from "./notice.tsx";
import { Pad } from "./pad.tsx";
import { Reading } from "./reading.tsx";
import { card, form, input } from "./store.ts";
import { Sending } from "./sending.tsx";
import { Keys, Tools } from "./tools.tsx";

export function App() {
  const takesForm = form.value !== undefined;
  const takesNoImage = card.value !== undefined && input.value === undefined && !takesForm;
  return (
    <div class="sheet">
      <a class="skip" href="#pad">
        {takesForm ? "Skip to the form" : "Skip to the drawing area"}
      </a>
      <Header />
      <main class={takesNoImage ? "desk desk-bare" : "desk"}>
        {takesNoImage ? (
          <NoImage />
        ) : (
          <>
            <section class="bench" aria-labelledby="bench-title">
              <h2 id="bench-title" class="plate-title">
                Input
              </h2>
              {takesForm ? (
                <Form />
              ) : (
                <>
                  <Pad />
                  <Tools />
                </>
              )}
            </section>
            {!takesForm && (
              <section class="fine" aria-label="How it is sent">
                <Sending />
                <Keys />
              </section>
            )}
            <section class="dial" aria-labelledby="dial-title">
              <h2 id="dial-title" class="plate-title">
                Reading
              </h2>
              <Notice />
              <Reading />
              <Curl />
            </section>
          </>
        )}
        <section class="record" aria-labelledby="record-title">
          <h2 id="record-title" class="plate-title">
            Model
          </h2>
          <CardPlate />
        </section>
      </main>
    </div>
  );
}

/** Not every model takes what can be drawn or written into a form; then the page says where to go. */
function NoImage() {
  return (
    <section class="bench" aria-labelledby="bench-title">
      <h2 id="bench-title" class="plate-title">
        Input
      </h2>
      <Notice />
      <p>This model takes no image, text or columns, so there is nothing to draw or fill in. It takes:</p>
      <ul class="tensors">
        {card.value?.signature.inputs.map(({ name, datatype, shape }) => (
          <li key={name}>
            <code>
              {name} {datatype} [{shape.map((axis) => (axis === -1 ? "any" : axis)).join(" × ")}]
            </code>
          </li>
        ))}
      </ul>
      <p>
        <a href="docs">The API's page</a> shows how to ask it.
      </p>
    </section>
  );
}
