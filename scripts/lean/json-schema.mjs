// In place of the SDK's validator, which loads and sets up ajv in each server and client: it is for
// elicitation and for structured results, and we have neither.
export class AjvJsonSchemaValidator {
  getValidator() {
    throw new Error("This bundle has no JSON Schema validator: see scripts/lean");
  }
}
