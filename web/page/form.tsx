import { form, write, written } from "./store.ts";

/** For models that take a text or named numbers: what is written is asked about at once. */
export function Form() {
  const wanted = form.value;
  if (wanted === undefined) return null;
  if (wanted.kind === "text")
    return (
      <div class="form">
        <label class="field">
          <span>Text</span>
          <textarea
            id="pad"
            rows={6}
            spellcheck={false}
            placeholder="Write something"
            value={written.value["text"] ?? ""}
            onInput={({ currentTarget }) => write("text", currentTarget.value)}
          />
        </label>
      </div>
    );
  return (
    <div class="form" role="group" aria-label="Columns">
      {wanted.names.map((name, index) => (
        <label class="field" key={name}>
          <span>{name}</span>
          <input
            id={index === 0 ? "pad" : undefined}
            type="text"
            inputMode="decimal"
            autocomplete="off"
            placeholder="0"
            aria-invalid={isWrong(written.value[name])}
            value={written.value[name] ?? ""}
            onInput={({ currentTarget }) => write(name, currentTarget.value)}
          />
        </label>
      ))}
      <p class="small">The model is asked once every column has a number.</p>
    </div>
  );
}

function isWrong(text = ""): boolean {
  return text.trim() !== "" && !Number.isFinite(Number(text));
}
