import { arch, platform, release } from "node:os";

/** The system as the User-Agent names it: "linux 6.1.0; x64". */
export function platformName(): string {
  return `${platform()} ${release()}; ${arch()}`;
}
