import { execFile } from "node:child_process";
import { promisify } from "node:util";

const nobody = 65_534;

/** Why no process of another user can be started here, or undefined. */
export const noOtherUser =
  process.platform !== "linux" ? "not Linux" : process.geteuid?.() === 0 ? undefined : "not started as root";

/**
 * Requests URLs as another user of this machine, one after the other, with the cookies that came before.
 *
 * @returns the status and the `Location` of each answer
 */
export async function requestAsOtherUser(...urls: string[]): Promise<{ status: number; location: string | null }[]> {
  const script = `
    const cookies = new Map();
    const answers = [];
    for (const url of process.argv.slice(1)) {
      const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
      const answer = await fetch(url, { redirect: "manual", headers: { cookie } });
      for (const line of answer.headers.getSetCookie()) cookies.set(...line.split(";")[0].split("=", 2));
      answers.push({ status: answer.status, location: answer.headers.get("location") });
    }
    console.log(JSON.stringify(answers));`;
  const args = ["--input-type=module", "-e", script, ...urls];
  const user = { uid: nobody, gid: nobody, cwd: "/", env: {} };
  const { stdout } = await promisify(execFile)(process.execPath, args, user);
  return JSON.parse(stdout) as { status: number; location: string | null }[];
}
