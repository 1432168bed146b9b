import { expect, test } from "vitest";
import { accessOf } from "../../src/platform/sddl.ts";

const jane = "S-1-5-21-3461203602-4096304019-2269080069-1001";
const system = { sid: "S-1-5-18", inherited: true };
const administrators = { sid: "S-1-5-32-544", inherited: true };
const own = { sid: jane, inherited: true };

test.each([
  ["of a profile", `D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FA;;;${jane})`, [system, administrators, own]],
  ["of a folder of the disk", "D:AI(A;ID;0x1200a9;;;BU)", [{ sid: "S-1-5-32-545", inherited: true }]],
  ["given to everybody by hand", "D:PAI(A;;FR;;;WD)", [{ sid: "S-1-1-0", inherited: false }]],
  ["given to somebody to change", "D:(A;;0x1301bf;;;AU)", [{ sid: "S-1-5-11", inherited: false }]],
  ["given to a group of the domain", "D:(A;;GRGX;;;DU)", [{ sid: "DU", inherited: false }]],
  ["that may be given to others", "D:(A;;WD;;;BG)", [{ sid: "S-1-5-32-546", inherited: false }]],
  ["under a condition", 'D:(XA;;FR;;;WD;(@User.Title=="PM"))', [{ sid: "S-1-1-0", inherited: false }]],
  ["that show only attributes", "D:(A;;0x120088;;;WD)", []],
  ["that let it run", "D:(A;;FX;;;WD)", []],
  ["for what is inside a folder", "D:AI(A;OICIIO;GA;;;WD)(A;OICIIOID;GA;;;CO)", []],
  ["that are denied", "D:(D;;FA;;;WD)(XD;;FA;;;AU)", []],
  ["of an empty list", "D:P", []],
  ["of no list", "D:NO_ACCESS_CONTROL", [{ sid: "S-1-1-0", inherited: false }]],
])("the rights %s", (_, sddl, expected) => {
  expect(accessOf(sddl)).toEqual(expected);
});
