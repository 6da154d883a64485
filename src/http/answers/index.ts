/** What the endpoints answer: checked by the compiler in every handler, shown by the OpenAPI document under these names. */
export * from "./agents.ts";
export * from "./backup.ts";
export * from "./binding.ts";
export * from "./services.ts";
export * from "./toolsets.ts";
export * from "./operation.ts";
export * from "./keys.ts";
export * from "./legacy.ts";
export * from "./subscriptions.ts";
