import type { ExternalKind } from "./credential-kind.ts";

/**
 * What to do after a failure, as data. Each entry point renders it in its own terms (render/next-step.ts), so an error
 * is independent of its reader. Steps of a list are sequential; those after `retry` apply if it fails again.
 */
export type NextStep =
  /** Sign in with ChatGPT; without `method` the default one. */
  | { do: "sign-in"; method?: "browser" | "device" }
  /** Use the credential of another program or of the environment. */
  | { do: "use-method"; method: ExternalKind }
  /** Pass the URL of the page that the browser ended at. */
  | { do: "paste-callback-url" }
  /** "named": one that the message names; "larger": with a larger context window. Default: one of the model list. */
  | { do: "choose-model"; which?: "named" | "other" | "larger" }
  /** Correct the request's field that the message names. */
  | { do: "correct-request" }
  /** For ms, or until the quota resets. Default: the time in the error's details, or a minute or two. */
  | { do: "wait"; for?: number | "reset" }
  /** Send the same request again. */
  | { do: "retry" }
  /** Check login, plan and quota. */
  | { do: "check-status" }
  | { do: "run-doctor" }
  /** `to` completes "set NAME to …". It takes effect at the next start. */
  | { do: "set-variable"; name: string; to?: string }
  | { do: "unset-variable"; names: readonly string[] }
  /** Restart the MCP client, or the program. */
  | { do: "restart" }
  /** Any other step: a capitalised imperative without a full stop, independent of the reader. */
  | { do: "act"; what: string }
  /** Alternatives, the best one first. */
  | { do: "either"; of: readonly NextSteps[] }
  /** Nothing is wrong. */
  | { do: "nothing" };

export type NextSteps = readonly NextStep[];

export const signIn = { do: "sign-in" } as const satisfies NextStep;
export const browserSignIn = { do: "sign-in", method: "browser" } as const satisfies NextStep;
export const deviceSignIn = { do: "sign-in", method: "device" } as const satisfies NextStep;
export const retry = { do: "retry" } as const satisfies NextStep;
export const restart = { do: "restart" } as const satisfies NextStep;

export function act(what: string): NextStep {
  return { do: "act", what };
}

export function either(...of: readonly (NextStep | NextSteps)[]): NextStep {
  return { do: "either", of: of.map((steps) => ("do" in steps ? [steps] : steps)) };
}

export function setVariable(name: string, to?: string): NextStep {
  return { do: "set-variable", name, ...(to === undefined ? {} : { to }) };
}

export function unsetVariables(...names: readonly string[]): NextStep {
  return { do: "unset-variable", names };
}

/** Applies a change to each free text, for the redaction of secrets. */
export function mapTexts(steps: NextSteps, change: (text: string) => string): NextSteps {
  return steps.map((step) => {
    switch (step.do) {
      case "act":
        return act(change(step.what));
      case "set-variable":
        return setVariable(step.name, step.to && change(step.to));
      case "either":
        return either(...step.of.map((steps) => mapTexts(steps, change)));
      default:
        return step;
    }
  });
}
