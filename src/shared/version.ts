/** The only version in the source; scripts/check-version.mjs compares the manifests. */
export const version = "0.1.0";
