/** A folded table of names and values; nothing where there are none. `head` names its columns for those who hear it. */
export function Pairs({
  title,
  head,
  rows,
}: {
  title: string;
  head?: readonly [string, string];
  rows: readonly (readonly [string, string])[];
}) {
  if (rows.length === 0) return null;
  return (
    <details>
      <summary>{title}</summary>
      <table>
        {head !== undefined && (
          <thead class="unseen">
            <tr>
              {head.map((word) => (
                <th key={word} scope="col">
                  {word}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
