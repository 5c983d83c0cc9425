import type { ModelsAnswer } from "../../src/console/api.ts";
import { formatDigest } from "../model/format.ts";
import { Time } from "./facts.tsx";

/** Where aliases were moved, when and by whom; the newest first. */
export function Moves({ moves }: Pick<ModelsAnswer, "moves">) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Moves of aliases">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Alias</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">By</th>
          </tr>
        </thead>
        <tbody>
          {moves.map(({ sequence, alias, from, to, at, by }) => (
            <tr key={sequence}>
              <td>
                <Time at={at} />
              </td>
              <th scope="row">{alias}</th>
              <td>{from === undefined ? "nowhere" : <Version digest={from} />}</td>
              <td>{to === undefined ? "removed" : <Version digest={to} />}</td>
              <td>{by}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Version({ digest }: { digest: string }) {
  return (
    <a href={`#/models/${digest}`}>
      <code>{formatDigest(digest)}</code>
    </a>
  );
}
