import { expect, test } from "vitest";
import { detectGatewayBlock, type ApiErrorInfo, toApiError } from "../../src/api/api-error.ts";
import { refusal } from "../support/refusals.ts";
import { renderNext } from "../../src/render/next-step.ts";

const plain = refusal({ status: 403 });

test.each<[string, Partial<ApiErrorInfo>, RegExp]>([
  ["a page that nobody signed", { html: true }, /^A web page came in place.* or Cloudflare\.$/],
  ["a page with Cloudflare's marks", { html: true, cloudflare: true }, /^Cloudflare blocked/],
  ["Cloudflare's own words", { challenge: true }, /^Cloudflare blocked.* reached the service\.$/],
])("%s: who blocked is named only where that is known", (_, facts, message) => {
  expect(detectGatewayBlock({ ...plain, ...facts }, "the service")?.message).toMatch(message);
  expect(toApiError({ ...plain, ...facts }).code).toBe("BLOCKED");
});

test.each<[string, Partial<ApiErrorInfo>]>([
  ["an answer of the service's own", { cloudflare: true }],
  ["a page of another status", { status: 500, html: true, cloudflare: true }],
  ["Cloudflare's page about a service that failed", { status: 502, html: true, challenge: true }],
])("%s blocks nothing", (_, facts) => {
  expect(detectGatewayBlock({ ...plain, ...facts }, "the service")).toBeUndefined();
});

test.each([200, 203, 511])(
  "a page with HTTP %i is a network's sign-in page, also where Cloudflare stands in front",
  (status) => {
    for (const cloudflare of [false, true]) {
      const error = toApiError({ ...plain, status, html: true, cloudflare });
      expect(error.code).toBe("BLOCKED");
      expect(error.message).toContain("captive portal");
    }
  },
);

test("a country without the service is told, and no repetition advised", () => {
  const name = "unsupported_country_region_territory";
  for (const facts of [{ code: name }, { type: name }]) {
    const error = toApiError({ ...plain, message: "Not supported", ...facts });
    expect(error.code).toBe("BLOCKED");
    expect(error.message).toBe("The service is not offered where the request comes from.");
    expect(error.details).toMatchObject({ why: "The service said: Not supported", status: 403 });
    expect(renderNext(error, "mcp")).toMatch(
      /^Tell the user; try again only if they ask\. They can ask from a country/,
    );
    expect(error.details.retryable).toBeUndefined();
  }
});
