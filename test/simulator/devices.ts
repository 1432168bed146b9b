import { randomBytes } from "node:crypto";

import { DEVICE_LIFETIME_MS } from "./constants.ts";

export interface DeviceRecord {
  readonly deviceAuthId: string;
  readonly userCode: string;
  readonly expiresAt: number;
  decision?: "approve" | "deny";
  /** Set once the poll has handed the code out: a second success would be a second code. */
  spent?: boolean;
}

/** Device logins that wait for somebody to type their code in. */
export class DeviceStore {
  readonly #now: () => number;
  readonly #secrets: Set<string>;
  readonly #devices = new Map<string, DeviceRecord>();

  constructor(now: () => number, secrets: Set<string>) {
    this.#now = now;
    this.#secrets = secrets;
  }

  create(): DeviceRecord {
    const n = this.#devices.size + 1;
    const device: DeviceRecord = {
      deviceAuthId: `deviceauth_CANARY_DEVICE_${String(n)}_${randomBytes(12).toString("base64url")}`,
      userCode: `SIML-${String(10_000 + n)}`,
      expiresAt: this.#now() + DEVICE_LIFETIME_MS,
    };
    this.#devices.set(device.deviceAuthId, device);
    this.#secrets.add(device.deviceAuthId);
    return device;
  }

  find(deviceAuthId: string, userCode: string): DeviceRecord | undefined {
    const device = this.#devices.get(deviceAuthId);
    return device?.userCode === userCode ? device : undefined;
  }

  decide(userCode: string, decision: "approve" | "deny"): void {
    const device = [...this.#devices.values()].find((one) => one.userCode === userCode);
    if (device === undefined) throw new Error(`simulator: no device login has the code ${userCode}`);
    device.decision = decision;
  }
}
