import { forgetKeysAfterEachFile } from "./keys-in-redis.ts";

forgetKeysAfterEachFile();
