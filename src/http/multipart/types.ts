/** One part of a form. Files have a file name or a content type; both are the caller's claims, never trusted. */
export interface Part {
  name: string;
  fileName?: string;
  content: Uint8Array;
}

export interface FormLimits {
  /** Parts in all, files and plain fields. */
  parts: number;
}
