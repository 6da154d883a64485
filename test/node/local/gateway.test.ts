import { durableGateway, hostedGateway } from "../../../src/gateway/durable-gateway.ts";
import { gatewayConformance } from "../../gateway/conformance.ts";
import { localObject } from "../../support/local-object.node.ts";
import { OpenedGateway } from "../../support/tool-gateway.ts";

gatewayConformance("a Node.js process", () => {
  const { stub, evict, inside } = localObject((host) => hostedGateway(host, async () => true));
  return new OpenedGateway({ gateway: durableGateway(stub), evict, inside });
});
