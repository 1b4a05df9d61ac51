import { describe, test } from "vitest";
import { describeHandler } from "../../../../lib/testing/describeHandler.ts";
import { conformances } from "./handlerCases.ts";

for (const conformance of conformances) describeHandler({ describe, test }, conformance);
