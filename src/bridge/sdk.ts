/** The official MCP client. The package is optional, so nothing but this loads it. */
const load = async () => {
  const [client, stdio] = await Promise.all([
    import("@modelcontextprotocol/client"),
    import("@modelcontextprotocol/client/stdio"),
  ]);
  return { ...client, ...stdio };
};
export type Sdk = Awaited<ReturnType<typeof load>>;

/**
 * @param version  the one that this package was tried with
 * @throws {Error} that names the command that installs it, where it is missing
 */
export async function loadSdk(version: string): Promise<Sdk> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error(
      `the bridge needs the official MCP client, which is not installed: npm install @modelcontextprotocol/client@${version}`,
      { cause: error },
    );
  }
}
