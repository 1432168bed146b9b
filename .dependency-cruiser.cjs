// The import rule: each folder may import itself and what stands below it in this list, nothing above.
// `mcp` and `cli` stand side by side, and so does `app/library.ts`: entry points never import each other.
const order = [
  ["src/(main|index)\\.ts$"],
  ["src/mcp/", "src/cli/", "src/app/library\\.ts$"],
  ["src/app/(?!library\\.ts$)"],
  ["src/render/"],
  ["src/status/"],
  ["src/config/"],
  ["src/query/[^/]+$"],
  ["src/query/response/"],
  ["src/query/request/"],
  ["src/quota/"],
  ["src/models/"],
  ["src/auth/[^/]+$"],
  ["src/auth/sign-in/"],
  ["src/auth/session/"],
  ["src/auth/oauth/"],
  ["src/api/"],
  ["src/http/"],
  ["src/platform/"],
  ["src/shared/"],
];

/** Where Node's own modules and packages may be used: where the program meets the outside. `node:path` is pure. */
const edges = [
  "src/(main|index)\\.ts$",
  ...["mcp", "cli", "app", "http", "platform"].map((name) => `src/${name}/`),
  "src/auth/session/token-store\\.ts$",
  "src/auth/sign-in/callback/",
];

/** A package by any way of declaring it, and one that nothing declares. */
const npm = ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-bundled", "npm-no-pkg", "npm-unknown"];

/** What only the loaded program needs: all that stands below the entry points, but for the ground. */
const program = order
  .slice(2)
  .flat()
  .filter((path) => !["src/platform/", "src/shared/"].includes(path));

const rule = (name, from, to) => ({ name, severity: "error", from, to });
const start = (paths) => paths.map((path) => `^${path}`);
const label = (path) => path.replace(/\\\.ts\$|\(\?!.*?\)|\[\^\/\]\+\$|\/$|\\/g, "");

module.exports = {
  forbidden: [
    rule("no-cycles", {}, { circular: true }),
    ...order
      .flatMap((paths, level) =>
        paths.map((path) => {
          const beside = paths.filter((other) => other !== path);
          const above = order.slice(0, level).flat();
          return [path, [...above, ...beside]];
        }),
      )
      .filter(([, forbidden]) => forbidden.length > 0)
      .map(([path, forbidden]) =>
        rule(`${label(path)}-imports-only-what-stands-below`, { path: start([path]) }, { path: start(forbidden) }),
      ),
    rule(
      "node-and-packages-only-at-the-edges",
      { path: "^src/", pathNot: start(edges) },
      { dependencyTypes: ["core", ...npm], pathNot: ["^path$", "node_modules/zod/"] },
    ),
    rule("only-http-sends", { path: "^src/", pathNot: "^src/http/" }, { path: "node_modules/undici/" }),
    rule("only-platform-opens", { path: "^src/", pathNot: "^src/platform/" }, { path: "node_modules/open/" }),
    rule(
      "only-platform-locks",
      { path: "^src/", pathNot: "^src/platform/" },
      { path: "node_modules/proper-lockfile/" },
    ),
    rule(
      "only-mcp-knows-mcp",
      { path: "^src/", pathNot: "^src/mcp/" },
      { path: "node_modules/@modelcontextprotocol/" },
    ),
    rule(
      "main-loads-an-entry-point-when-it-is-wanted",
      { path: "^src/main\\.ts$" },
      {
        path: ["^src/mcp/", "^src/cli/", "^src/app/refresh-process\\.ts$"],
        dependencyTypesNot: ["dynamic-import"],
      },
    ),
    rule(
      "initialize-is-answered-before-the-program-is-loaded",
      { path: ["serve", "server", "stdio-transport"].map((name) => `^src/mcp/${name}\\.ts$`) },
      {
        path: [...start(program), "^src/mcp/(tools/|toolbox)"],
        dependencyTypesNot: ["dynamic-import", "type-only"],
      },
    ),
    rule("shipped-code-knows-no-test", { path: "^src/" }, { path: ["^test/", "^bench/", "^scripts/"] }),
    rule("no-missing-modules", {}, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default"],
    },
  },
};
