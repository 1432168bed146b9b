/**
 * Open a URL in the person's browser. Rejects when no opener could be started; that is never the
 * login's failure, since the URL is also given as text.
 */
export async function openInBrowser(url: string): Promise<void> {
  const { default: open } = await import("open");
  const child = await open(url, { wait: false });
  // `open` starts the opener and forgets it; without a listener its failure would end us.
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", resolve);
    if (child.pid !== undefined) resolve();
  });
  child.on("error", () => undefined);
  child.unref();
}
