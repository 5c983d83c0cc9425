import { defineError, exitCodes } from "../base/errors.ts";

export const filesTooLarge = defineError<{ bytes: number; limit: number; largest: string }>(
  "SLIPWAY_KUBE_FILES_TOO_LARGE",
  {
    message: ({ bytes, limit, largest }) =>
      `\`deploy.files\` and \`deploy.env\` have ${bytes} bytes (most of them in ${largest}), wanted at most ${limit}: a ConfigMap holds no more`,
    mend: () => "Put large files into the project, so that they travel in the image, or onto a volume.",
    exit: exitCodes.usage,
  },
);
