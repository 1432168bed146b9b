import { systemClock } from "../../src/platform/clock.ts";
import { identifySelf } from "../../src/platform/process-identity.ts";
import { systemRandom } from "../../src/platform/random.ts";
import { StateFolder } from "../../src/platform/files/state-folder.ts";
import { TemporaryFiles } from "../../src/platform/files/temporary-files.ts";

/** Temporary files of this process, as one more window would name them. */
export function temporaries(): TemporaryFiles {
  return new TemporaryFiles(identifySelf(process.pid, systemRandom), systemClock);
}

/** The state folder at that path, as one more window has it. */
export function stateFolder(path: string | undefined): StateFolder {
  return new StateFolder(path, temporaries());
}
