import { expect } from "vitest";

/** Every piece of twelve characters of a secret holds a window of eight that begins at a fifth one. */
const windowLength = 8;
const windowStep = 5;

/**
 * Fail when a secret shows up in an output: as it is, URL-encoded, in base64 wherever it begins
 * there, or any piece of twelve characters of its random part.
 */
export function expectNoSecrets(output: string, secrets: readonly string[], where: string): void {
  for (const secret of secrets) {
    const found = [secret, encodeURIComponent(secret), ...base64Forms(secret), ...windows(secret)]
      // A form that the secret is too short for would be found everywhere.
      .some((form) => form.length >= windowLength && output.includes(form));
    // The message must not print the output: it would be long, and hold the secret.
    expect(found, `a secret (${secret.slice(0, 6)}…, ${secret.length} characters) shows up in ${where}`).toBe(false);
  }
}

/** What is the same of a secret's base64 whatever stands before and after it, for each alignment. */
function base64Forms(secret: string): string[] {
  const { length } = Buffer.from(secret);
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.from("x".repeat(before) + secret).toString("base64");
    const own = whole.slice(Math.ceil((before * 8) / 6), Math.floor(((before + length) * 8) / 6));
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/** Windows of the part that cannot occur by chance: a token's header and canary name are no secret. */
function windows(secret: string): string[] {
  const tail = secret.startsWith("eyJ") ? secret.split(".").slice(2).join(".") : secret;
  const random = tail.replace(/^.*CANARY_[A-Z]+_\d+/, "");
  const found: string[] = [];
  for (let start = 0; start + windowLength <= random.length; start += windowStep) {
    found.push(random.slice(start, start + windowLength));
  }
  return found;
}
