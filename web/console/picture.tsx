import { useSignal } from "@preact/signals";
import { pictureAddress } from "./client.ts";

/** Below this many pixels a side, pictures are shown with their pixels; larger ones are smoothed. */
const smallest = 128;

/** One picture of the dataset; it comes when it is scrolled to. Its words are those of whatever holds it. */
export function Picture({ path, alt = "", longest }: { path: string; alt?: string; longest?: number }) {
  const state = useSignal<"coming" | "small" | "large" | "gone">("coming");
  if (state.value === "gone") return <span class="picture picture-gone">no picture</span>;
  return (
    <img
      class="picture"
      data-state={state.value}
      src={pictureAddress(path, longest)}
      alt={alt}
      loading="lazy"
      decoding="async"
      onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
        (state.value = Math.max(naturalWidth, naturalHeight) < smallest ? "small" : "large")
      }
      onError={() => (state.value = "gone")}
    />
  );
}
