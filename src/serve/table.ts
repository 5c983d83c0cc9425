/** @file Rows in a project without a model: its own function answers for one. */
import type { PredictRows, Rows } from "../project/types.ts";
import { findSlipwayError } from "../base/errors.ts";
import { adoptError } from "./adopt.ts";
import { outputThrew } from "./errors.ts";

export type Table = Rows;

/** Throws `outputThrew`, or what the project throws by `refuse`. */
export async function predictRows(own: PredictRows, table: Table): Promise<Table> {
  try {
    const given = await own(table);
    const answered = "rows" in given ? given : { names: [], rows: given };
    if (Array.isArray(answered.rows) && answered.rows.every((row) => Array.isArray(row))) return answered;
    throw new TypeError("serve.predict must give rows: lists of lists");
  } catch (error) {
    throw (
      findSlipwayError(error) ??
      adoptError(error) ??
      outputThrew({ route: "predict", wanted: "rows" }, { cause: error })
    );
  }
}
