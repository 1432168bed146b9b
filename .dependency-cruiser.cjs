// The one direction of imports: main → server → tools → services → infra → wire → core, and
// tools → render → core. An import upward is a red build, not a matter of taste.
const layer = (name) => `^src/${name}/`;
const not = (from, to) => ({
  name: `${from}-must-not-import-${to}`,
  severity: "error",
  from: { path: layer(from) },
  to: { path: layer(to) },
});
const above = {
  core: ["wire", "infra", "services", "render", "tools"],
  wire: ["infra", "services", "render", "tools"],
  infra: ["services", "render", "tools"],
  services: ["render", "tools"],
  render: ["wire", "infra", "services", "tools"],
};
const only = (name, module, from) => ({
  name,
  severity: "error",
  from: { path: "^src/", pathNot: from },
  to: { path: module },
});

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    ...Object.entries(above).flatMap(([from, targets]) => targets.map((to) => not(from, to))),
    {
      name: "only-the-edge-composes",
      severity: "error",
      from: { path: "^src/(core|wire|infra|services|render|tools)/" },
      to: { path: "^src/(main|run|run-refresh|refresh-command|app|server)\\.ts$" },
    },
    {
      name: "core-and-render-are-pure",
      severity: "error",
      from: { path: "^src/(core|render)/" },
      to: { dependencyTypes: ["core", "npm"] },
    },
    only("only-infra-sends", "node_modules/undici/", "^src/infra/"),
    only("only-infra-opens", "node_modules/open/", "^src/infra/"),
    only(
      "only-the-edge-knows-mcp",
      "node_modules/@modelcontextprotocol/",
      "^src/(tools/|server\\.ts$|run\\.ts$|infra/stdio-transport\\.ts$)",
    ),
    {
      name: "shipped-code-knows-no-test",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|bench|scripts)/" },
    },
    { name: "no-missing-modules", severity: "error", from: {}, to: { couldNotResolve: true } },
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
