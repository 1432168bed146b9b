import { expect, test } from "vitest";
import { describeTally, rows, torture, wanted } from "../support/race.ts";
import { simulate } from "../support/server.ts";

for (const row of rows.filter(({ rounds }) => rounds.suite > 0)) {
  test.skipIf(row.skip !== undefined)(`no login is lost: ${row.name}`, async () => {
    const tally = await torture(row, row.rounds.suite, simulate, row.parallel?.suite);
    expect(tally, describeTally(row, tally, 0)).toMatchObject(wanted(row, row.rounds.suite));
  });
}
