/**
 * Opens a URL in the user's browser. Resolves when the opener exits with 0, which may take as long as the browser runs.
 * Rejects if it can't be started or fails (xdg-open: exit 1 to 4). A sign-in goes on: its URL is also shown as text.
 *
 * @param opener absolute path of the program; undefined: the system's own. `open` starts that of macOS by its name, so
 *   `PATH` must have no relative folder.
 */
export async function openInBrowser(url: string, opener: string | undefined): Promise<void> {
  const { default: open } = await import("open");
  const started = await open(url, { wait: false, ...(opener !== undefined && { app: { name: opener } }) });
  await new Promise<void>((resolve, reject) => {
    const settle = (code: number | null): void => {
      if (code === 0) resolve();
      else reject(new Error(`the opener ended with ${code ?? "a signal"}`));
    };
    // Without a listener, an error of the detached process would crash this one.
    started.on("error", reject);
    // On Windows `open` itself waits for the exit.
    if (started.exitCode !== null) settle(started.exitCode);
    else started.once("exit", settle);
  });
}
