/** What Cloudflare puts in front of chatgpt.com for clients that look like a browser or like nothing. */
export const CHALLENGE_HEADERS: Record<string, string> = {
  "content-type": "text/html; charset=UTF-8",
  "cf-mitigated": "challenge",
  "cf-ray": "9c0ffee5133700aa-FRA",
  server: "cloudflare",
};

export const CHALLENGE_PAGE = `<!DOCTYPE html>
<html lang="en-US">
<head><title>Just a moment...</title><meta http-equiv="refresh" content="360"></head>
<body>
<div class="main-wrapper" role="main">
<noscript>Enable JavaScript and cookies to continue</noscript>
<script>window._cf_chl_opt = { cType: "managed" };</script>
</div>
</body>
</html>
`;
