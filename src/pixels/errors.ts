import { defineError } from "../base/errors.ts";

/* What a caller of the server or an owner of a dataset can meet. The status is the one the server answers with. */

export type ImageFormat = "JPEG" | "PNG" | "WebP";

const wanted = "Send a whole JPEG, PNG or WebP file.";

export const imageEmpty = defineError<object>("SLIPWAY_PIXELS_EMPTY", {
  message: () => "The image is empty (0 bytes); a JPEG, PNG or WebP file was wanted",
  mend: () => wanted,
  status: 400,
});

/** `seen` is a noun with its article: `a GIF file`, `an arithmetic-coded JPEG`. */
export const imageUnsupported = defineError<{ seen: string }>("SLIPWAY_PIXELS_UNSUPPORTED", {
  message: ({ seen }) => `The image is ${seen}; a JPEG, PNG or WebP file was wanted`,
  mend: () => "Convert it to a baseline or progressive JPEG, a PNG or a WebP; renaming a file does not convert it.",
  status: 415,
});

export const imageTruncated = defineError<{ format: ImageFormat; bytes: number; why: string }>(
  "SLIPWAY_PIXELS_TRUNCATED",
  {
    message: ({ format, bytes, why }) => `The ${format} is cut off after ${bytes.toLocaleString("en")} bytes: ${why}`,
    mend: () => `${wanted} Copy or upload it again: its end is missing.`,
    status: 422,
  },
);

export const imageBroken = defineError<{ format: ImageFormat; why: string }>("SLIPWAY_PIXELS_BROKEN", {
  message: ({ format, why }) => `The ${format} cannot be decoded: ${why}`,
  mend: () => `${wanted} Open it in an image viewer and save it anew.`,
  status: 422,
});

export const imageTooLarge = defineError<{ width: number; height: number; maxPixels: number }>(
  "SLIPWAY_PIXELS_TOO_LARGE",
  {
    message: ({ width, height, maxPixels }) =>
      `The image is ${width} × ${height} pixels; at most ${maxPixels.toLocaleString("en")} in all are decoded`,
    mend: () => "Scale it down first. An image with 16 bits a sample counts twice.",
    status: 413,
  },
);

export const imageWrongSize = defineError<{ width: number; height: number; wanted: { width: number; height: number } }>(
  "SLIPWAY_PIXELS_WRONG_SIZE",
  {
    message: ({ width, height, wanted: size }) =>
      `The image is ${width} × ${height} pixels (width × height); ${size.width} × ${size.height} was wanted`,
    mend: ({ wanted: size }) =>
      `Scale it to ${size.width} × ${size.height}, or let other sizes be resized (\`otherSizes: "resize"\`).`,
    status: 422,
  },
);
