/** A program that joins and works until it gets a signal. */
import { createClient } from "../../src/client/index.ts";

const [url = "", id = ""] = process.argv.slice(2);
const agent = await createClient({ url }).join({ id, name: "program", type: "worker" });
console.log("joined");
process.exitCode = (await agent.ended).reason === "left" ? 0 : 1;
