import * as z from "zod";
import { modelName } from "../core/model-name.ts";
import { firstValue, toHeaderBag, type HeaderBag } from "./headers.ts";

/** A model's name in a response; what cannot be one is left out. */
export const toldModel = z.string().regex(modelName).optional().catch(undefined);

/** Events that tell the model beside other things, or nothing that we know. */
const telling = z.object({
  response: z
    .object({ model: toldModel, headers: z.unknown().optional() })
    .optional()
    .catch(undefined),
  headers: z.unknown().optional(),
});

/** The model that a response's headers tell (docs/wire.md §12). */
export function modelFromHeaders(headers: HeaderBag): string | undefined {
  return toldModel.parse(firstValue(headers, "openai-model"));
}

/** The model that an event tells before the answer; headers come first, since they repeat no question. */
export function modelFromEvent(event: object): string | undefined {
  const { data } = telling.safeParse(event);
  const headers = data?.response?.headers ?? data?.headers;
  return modelFromHeaders(toHeaderBag(headers)) ?? data?.response?.model;
}
