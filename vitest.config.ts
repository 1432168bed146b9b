import { defineConfig } from "vitest/config";

const processTests = "test/{e2e,process}/**/*.test.ts";
const soakTests = "test/soak/**/*.test.ts";
const claudeTests = "test/claude/**/*.test.ts";
const browserTests = "test/browser/**/*.test.ts";
const keyringTests = "test/keyring/**/*.test.ts";
const peerTests = "test/peers/**/*.test.ts";
const windowsTests = "test/windows/**/*.test.ts";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [processTests, soakTests, claudeTests, peerTests, browserTests, windowsTests, keyringTests],
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
          hookTimeout: 120_000, // twenty servers end
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // The real Claude Code, fetched and installed once; each test starts it anew.
        test: {
          name: "claude",
          include: [claudeTests],
          globalSetup: ["test/claude/rig/setup.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        // The pages in the machine's Chromium, driven by what is fetched once.
        test: {
          name: "browser",
          include: [browserTests],
          globalSetup: ["test/browser/rig/setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 5 },
        },
      },
      {
        // A desktop session of its own for each test, with a real Secret Service.
        test: {
          name: "keyring",
          include: [keyringTests],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 6 },
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
      {
        // Windows' Node under Wine, which is made once.
        test: {
          name: "windows",
          include: [windowsTests],
          globalSetup: ["test/windows/rig/setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 6 },
        },
      },
    ],
  },
});
