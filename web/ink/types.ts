/** @file Ink as vectors, in the pixels of the model's image (x to the right, y down), so that nothing depends on the size of the screen. */

export interface Point {
  x: number;
  y: number;
}

/** What one press of the pen left: one point is a dot. */
export type Stroke = readonly Point[];

export interface Size {
  height: number;
  width: number;
}
