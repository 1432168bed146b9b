import { writeSync } from "node:fs";
import { expect, test } from "vitest";
import { describeTally, rows, torture, wanted } from "../support/race.ts";
import { simulate } from "../support/server.ts";

for (const row of rows.filter(({ rounds }) => rounds.soak > 0)) {
  test.skipIf(row.skip !== undefined)(`no login is lost: ${row.name}, ${row.rounds.soak} rounds`, async () => {
    const started = performance.now();
    const tally = await torture(row, row.rounds.soak, simulate, row.parallel?.soak);
    writeSync(1, describeTally(row, tally, performance.now() - started));
    expect(tally).toMatchObject(wanted(row, row.rounds.soak));
  });
}
