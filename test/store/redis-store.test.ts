import { redisBackend } from "../support/stores.ts";
import { storeConformance } from "./conformance.ts";
import { opened } from "./conformance/opened.ts";

storeConformance("redis", () => opened(redisBackend()));
