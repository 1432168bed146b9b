/** Somebody whom a file's access list lets in. */
export interface Access {
  /** Security identifier: "S-1-1-0", or the abbreviation of one that differs between machines: "DU". */
  sid: string;
  /** The entry comes from the folder. */
  inherited: boolean;
}

/** What abbreviations stand for, as far as every machine has the same. */
const wellKnown: Readonly<Record<string, string>> = {
  AN: "S-1-5-7",
  AU: "S-1-5-11",
  BA: "S-1-5-32-544",
  BG: "S-1-5-32-546",
  BU: "S-1-5-32-545",
  CO: "S-1-3-0",
  IU: "S-1-5-4",
  NU: "S-1-5-2",
  OW: "S-1-3-4",
  SY: "S-1-5-18",
  WD: "S-1-1-0",
};

/** An entry that allows: type, flags, rights, two identifiers of objects, and whom. */
const allowing = /\((?:X?A|OA);([^;]*);([^;]*);[^;]*;[^;]*;([^;)]*)/g;

/** To read, write or append data, to change rights or owner, and the generic rights. */
const dataBits = 0x1 | 0x2 | 0x4 | 0x4_0000 | 0x8_0000 | 0x1000_0000 | 0x4000_0000 | 0x8000_0000;
const dataRights = ["FA", "FR", "FW", "GA", "GR", "GW", "CC", "DC", "LC", "WD", "WO"];

/**
 * Whom an access list lets read or change a file. Entries that deny are ignored, so it may name somebody too many.
 *
 * @param sddl Microsoft's Security Descriptor Definition Language: "D:AI(A;ID;FA;;;SY)"
 */
export function accessOf(sddl: string): Access[] {
  // No list at all lets everybody in; an empty one, nobody.
  if (sddl.startsWith("D:NO_ACCESS_CONTROL")) return [{ sid: "S-1-1-0", inherited: false }];
  return [...sddl.matchAll(allowing)].flatMap(([, flags = "", rights = "", who = ""]) => {
    const marks = pairs(flags);
    // "IO": only handed on to what is inside a folder.
    if (marks.includes("IO") || !concernsData(rights)) return [];
    return [{ sid: wellKnown[who] ?? who, inherited: marks.includes("ID") }];
  });
}

function concernsData(rights: string): boolean {
  if (/^\d/.test(rights)) return (Number(rights) & dataBits) !== 0;
  return pairs(rights).some((right) => dataRights.includes(right));
}

function pairs(text: string): string[] {
  return text.match(/../g) ?? [];
}
