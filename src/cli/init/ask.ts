import { isCancel, select, text } from "@clack/prompts";
import { cancelled } from "../errors.ts";
import { templates } from "./make.ts";

/** Asks for what was not given. Only for terminals: the questions wait for keys. */
export async function askForProject(given: { folder: string | undefined; template: string | undefined }): Promise<{
  folder: string;
  template: string;
}> {
  const folder = await text({
    message: "Where should the project be made?",
    placeholder: "my-model",
    defaultValue: "my-model",
  });
  if (isCancel(folder)) throw cancelled({});
  const choices = Object.entries(templates);
  if (given.template !== undefined || choices.length === 1)
    return { folder, template: given.template ?? choices[0]?.[0] ?? "image" };
  const template = await select({
    message: "What should it start from?",
    options: choices.map(([value, { summary }]) => ({ value, label: value, hint: summary })),
  });
  if (isCancel(template)) throw cancelled({});
  return { folder, template };
}
