import { defineConfig } from "vitest/config";

const processTests = "test/{e2e,process}/**/*.test.ts";
const soakTests = "test/soak/**/*.test.ts";
const peerTests = "test/peers/**/*.test.ts";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [processTests, soakTests, peerTests],
          testTimeout: 20_000,
        },
      },
      {
        // Real processes: few files at once, since each test has several of its own.
        test: {
          name: "process",
          include: [processTests],
          testTimeout: 60_000,
          hookTimeout: 30_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "soak",
          include: [soakTests],
          testTimeout: 15 * 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // Programs of others, fetched from npm once: one at a time.
        test: {
          name: "peers",
          include: [peerTests],
          testTimeout: 5 * 60_000,
          hookTimeout: 5 * 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
