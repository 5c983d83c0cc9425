import { contentTypeUnsupported, multipartMalformed } from "../errors.ts";

const wanted = "multipart/form-data";

/** The boundary of a form from its Content-Type (RFC 2046 §5.1.1: up to 70 characters; quoted or a token). */
export function parseBoundary(contentType: string | undefined): string {
  if (contentType === undefined || !/^multipart\/form-data\s*(;|$)/i.test(contentType))
    throw contentTypeUnsupported({ seen: contentType?.slice(0, 100) ?? "without a content type", wanted });
  const match = /;\s*boundary=(?:"([^"\\]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined)
    throw multipartMalformed({ why: "its content type names no boundary", wanted: `${wanted}; boundary=…` });
  return boundary;
}
