import { SocketGateway } from "../support/provider-socket.ts";
import { gatewayConformance } from "./conformance.ts";

gatewayConformance("workerd", () => new SocketGateway());
