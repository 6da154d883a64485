import type { Documentation } from "../../documentation/documentation.ts";
import type { Endpoint } from "../endpoint.ts";

/** An endpoint, with what is said of it. */
export type Documented = Endpoint & Documentation[string];
