import { CodexError } from "../shared/errors.ts";
import type { ModelList } from "../models/model.ts";
import { listFormatOf } from "../models/list-formats.ts";
import type { Services } from "./services.ts";

/**
 * The models to choose from: the account's own as they are now, else as they were kept, else the
 * bundled table; with the failure that kept the newest list away.
 *
 * @throws CodexError `STORAGE`; or the signal's reason.
 */
export async function modelsFor(
  { credentials, catalog }: Pick<Services, "credentials" | "catalog">,
  signal: AbortSignal,
): Promise<{ list: ModelList; failure: CodexError | undefined }> {
  try {
    const credential = await credentials.get(signal);
    const kept = await catalog.kept(credential);
    if (kept?.fresh === true) return { list: kept, failure: undefined };
    return await catalog.refresh(credential, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CodexError) || error.code === "STORAGE") throw error;
    // Without a usable login the table still answers what there is to choose from.
    const list = listFormatOf(await credentials.current()).bundled;
    return { list, failure: error };
  }
}
