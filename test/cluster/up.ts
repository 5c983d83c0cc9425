import { join } from "node:path";

export function adminKubeconfig(folder: string): string {
  return join(folder, "admin.kubeconfig");
}

export async function up(): Promise<void> {
  throw new Error("The cluster cannot be brought up yet");
}
