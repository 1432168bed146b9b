/** Why a run was broken off from outside; the reason of the run's signal. */
export class Stopped extends Error {
  override readonly name = "Stopped";
  readonly exitCode: number;

  constructor(exitCode: number) {
    super("The run was stopped.");
    this.exitCode = exitCode;
  }
}
