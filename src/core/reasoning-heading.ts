/** A part of the reasoning begins with its heading; the rest of it is not kept. */
const maxReasoningChars = 1_000;

/** Finds the heading of the reasoning summary's present part, as the part comes. */
export class ReasoningHeading {
  #part = "";

  /** Another part begins. */
  begin(): void {
    this.#part = "";
  }

  add(delta: string): void {
    if (this.#part.length < maxReasoningChars) this.#part += delta.slice(0, maxReasoningChars);
  }

  get text(): string | undefined {
    return /\*\*(?<heading>[^*\n]{1,120})\*\*/.exec(this.#part)?.groups?.["heading"]?.trim();
  }
}
