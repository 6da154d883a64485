import { embeddedBackend } from "../support/stores.ts";
import { storeConformance } from "./conformance.ts";
import { opened, T0 } from "./conformance/opened.ts";

storeConformance("embedded", () => opened(embeddedBackend(T0)));
