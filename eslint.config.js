import tseslint from "typescript-eslint";

/** Only the edge may touch the process and print; the rest takes what it needs as arguments. */
const edge = [
  ...["src/main.ts", "src/mcp/serve.ts", "src/cli/main.ts", "src/app/refresh-process.ts", "src/platform/exit.ts"],
  "src/platform/files/file-lock.ts", // a signal that a library would end the process at
  ...["src/app/runtime.ts", "src/app/library.ts", "src/config/config.ts"],
];

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "coverage/"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // Reasons of signals and rejected values pass through as they came.
      "@typescript-eslint/only-throw-error": "off",
      "@typescript-eslint/prefer-promise-reject-errors": "off",
      "no-console": "error",
      "no-control-regex": "error",
      "no-restricted-exports": ["error", { restrictDefaultExports: { direct: true } }],
      eqeqeq: "error",
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: edge,
    rules: {
      "no-restricted-properties": [
        "error",
        ...["env", "stdout", "stderr", "stdin", "exit", "argv", "on"].map((property) => ({
          object: "process",
          property,
          message: "Only src/mcp/serve.ts touches the process; take it as an argument.",
        })),
        { object: "Date", property: "now", message: "Time is an argument: use the clock." },
        {
          object: "Math",
          property: "random",
          message: "Chance is an argument: use the random source.",
        },
      ],
    },
  },
  {
    // The system's clock and chance themselves.
    files: ["src/platform/clock.ts", "src/mcp/serve.ts", "src/cli/main.ts"],
    rules: { "no-restricted-properties": "off", "no-console": "off" },
  },
  {
    files: ["vitest.config.ts"],
    rules: { "no-restricted-exports": "off" },
  },
  {
    files: ["test/**/*.ts", "bench/**/*.ts", "scripts/**/*.ts"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/explicit-module-boundary-types": "off",
    },
  },
);
