import { systemClock } from "../../src/infra/clock.ts";
import { identifySelf } from "../../src/infra/process-identity.ts";
import { systemRandom } from "../../src/infra/random.ts";
import { StateFolder } from "../../src/infra/state-folder.ts";
import { TemporaryFiles } from "../../src/infra/temporary-files.ts";

/** Temporary files of this process, as one more window would name them. */
export function temporaries(): TemporaryFiles {
  return new TemporaryFiles(identifySelf(process.pid, systemRandom), systemClock);
}

/** The state folder at that path, as one more window has it. */
export function stateFolder(path: string | undefined): StateFolder {
  return new StateFolder(path, temporaries());
}
