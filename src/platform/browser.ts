/**
 * Open a URL in the person's browser. Resolves when the opener has ended well, which may take as long as the browser
 * runs; rejects when it could not be started or failed (xdg-open: exit 1 to 4). That is never the login's failure,
 * since the URL is also given as text.
 */
export async function openInBrowser(url: string): Promise<void> {
  const { default: open } = await import("open");
  const opener = await open(url, { wait: false });
  await new Promise<void>((resolve, reject) => {
    const settle = (code: number | null): void => {
      if (code === 0) resolve();
      else reject(new Error(`the opener ended with ${code ?? "a signal"}`));
    };
    // Without a listener an error of a process that `open` has let go would end us.
    opener.on("error", reject);
    // On Windows `open` itself waits for the end.
    if (opener.exitCode !== null) settle(opener.exitCode);
    else opener.once("exit", settle);
  });
}
