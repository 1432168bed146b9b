/** The page that a browser ended at, and the way to it. */
export interface Visit {
  status: number;
  body: string;
  /** Every URL that was requested, oldest first. */
  urls: string[];
}

/**
 * Follows a URL as a browser does: redirects too, with the cookies that were set before for that host and path. It
 * uses nothing outside itself, so that its source runs in another program as well.
 */
export async function visit(url: string, cookies: { host: string; path: string; pair: string }[] = []): Promise<Visit> {
  const urls: string[] = [];
  for (let next = new URL(url); ;) {
    urls.push(next.href);
    const { hostname: host, pathname } = next;
    const sent = cookies.filter((one) => one.host === host && `${pathname}/`.startsWith(`${one.path}/`));
    const headers = sent.length === 0 ? {} : { cookie: sent.map(({ pair }) => pair).join("; ") };
    const response = await fetch(next, { redirect: "manual", headers });
    const body = await response.text();
    for (const line of response.headers.getSetCookie()) {
      cookies.push({ host, path: /; Path=([^;]+)/.exec(line)?.[1] ?? "/", pair: line.split(";")[0] ?? "" });
    }
    const location = response.headers.get("location");
    if (location === null) return { status: response.status, body, urls };
    next = new URL(location, next);
  }
}
