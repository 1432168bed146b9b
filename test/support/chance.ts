import fc from "fast-check";

/**
 * Chance for property tests: the same at every run, so that the gate judges the change before it
 * and nothing else. `FC_SEED=7 npm test` looks elsewhere; what it finds becomes a test by name.
 */
fc.configureGlobal({ seed: Number(process.env["FC_SEED"] ?? 1) });

export { fc };
