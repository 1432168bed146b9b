// The one direction of imports: main → server → tools → services → infra → wire → core, and
// tools → render → core; the command line stands beside the tools (cli → services, render). What composes
// them stands above all of them. An import upward is a red build, not a matter of taste.
const layer = (name) => `^src/${name}/`;
const not = (from, to) => ({
  name: `${from}-must-not-import-${to}`,
  severity: "error",
  from: { path: layer(from) },
  to: { path: layer(to) },
});
const above = {
  core: ["wire", "infra", "services", "render", "tools", "cli"],
  wire: ["infra", "services", "render", "tools", "cli"],
  infra: ["services", "render", "tools", "cli"],
  services: ["render", "tools", "cli"],
  render: ["wire", "infra", "services", "tools", "cli"],
  tools: ["cli"],
  cli: ["tools"],
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
      from: { path: "^src/(core|wire|infra|services|render|tools|cli)/" },
      to: {
        path: "^src/(main|run|run-cli|run-refresh|leave|refresh-command|system-world|library|index|app|backend|server)\\.ts$",
      },
    },
    {
      name: "only-the-app-uses-the-parts-of-the-composition",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(compose/|app\\.ts$|system-world\\.ts$)" },
      to: { path: "^src/compose/" },
    },
    {
      name: "the-composition-shows-nothing",
      severity: "error",
      from: { path: "^src/compose/" },
      to: { path: "^src/(tools|render|cli)/" },
    },
    {
      name: "core-and-render-are-pure",
      severity: "error",
      from: { path: "^src/(core|render)/" },
      to: { dependencyTypes: ["core", "npm"] },
    },
    {
      name: "the-server-loads-nothing-of-the-command-line",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(cli/|run-cli\\.ts$|main\\.ts$)" },
      to: { path: "^src/(cli/|run-cli\\.ts$)" },
    },
    {
      name: "main-loads-the-command-line-when-it-is-asked-for",
      severity: "error",
      from: { path: "^src/main\\.ts$" },
      to: { path: "^src/(cli/|run-cli\\.ts$)", dependencyTypesNot: ["dynamic-import"] },
    },
    {
      name: "initialize-is-answered-before-the-program-is-loaded",
      severity: "error",
      from: { path: "^src/(run|server)\\.ts$" },
      to: {
        path: "^src/(backend|app|config.*|system-world)\\.ts$|^src/(compose|tools|services|wire|render)/",
        dependencyTypesNot: ["type-only", "dynamic-import"],
      },
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
