/** A JSON Schema (2020-12) that the example fits: types and member names, no values. */
export function inferSchema(example: unknown): object {
  if (example === undefined) return {};
  if (example === null) return { type: "null" };
  if (Array.isArray(example))
    return example.length === 0 ? { type: "array" } : { type: "array", items: inferSchema(example[0]) };
  if (typeof example === "object") {
    const members = Object.entries(example);
    return {
      type: "object",
      required: members.map(([name]) => name),
      properties: Object.fromEntries(members.map(([name, value]) => [name, inferSchema(value)])),
    };
  }
  // 7 may be 7.5 the next time: a number that happens to be whole is still a number.
  return { type: typeof example };
}
