import type { JSX } from "preact";
import { withQuery } from "../app/address.ts";
import { useView } from "../app/session.ts";
import type { ServiceList } from "../app/wire.ts";
import { Action } from "../parts/action.tsx";
import { useAlerts } from "../parts/alerts.tsx";
import { InATerminal } from "../parts/commands.tsx";
import { Link, Mark } from "../parts/marks.tsx";
import { useTitle } from "../parts/page.tsx";
import { Pages } from "../parts/pages.tsx";
import { Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { plural } from "../parts/words.ts";

/** All services, by name. */

const LIMIT = 200;

export function Services({ url }: { url: URL }): JSX.Element {
  useTitle("Services");
  const path = withQuery("/v1/services", {
    limit: LIMIT,
    prefix: url.searchParams.get("prefix"),
    cursor: url.searchParams.get("cursor"),
  });
  const view = useView<ServiceList>(path);
  const alerts = useAlerts().body?.alerts ?? [];
  const wrong = new Map(alerts.filter(({ kind }) => kind === "service").map((alert) => [alert.id, alert]));
  return (
    <>
      <h1>Services</h1>
      <div class="actions" role="group" aria-label="Actions">
        <Action<{ message: string }>
          name="Reset all breakers"
          scope="admin"
          says={
            <p>
              The breakers of all services are closed and their failures forgotten. Providers that still fail
              open them again after as many failures as each allows.
            </p>
          }
          deed={{
            method: "POST",
            path: "/v1/runtime/services/circuit-breakers/reset",
            cli: "breakers reset",
          }}
          done={({ message }) => message}
        />
        <CheckHealth />
      </div>
      <Shown view={view}>
        {({ services, next_cursor }) => {
          const isPart = next_cursor !== null || url.searchParams.has("cursor");
          return (
            <>
              {services.length === 0 && (
                <p class="card">
                  {url.searchParams.has("prefix")
                    ? "No service's name begins so."
                    : "No agent offers a service."}
                </p>
              )}
              {services.length > 0 && (
                <Table
                  caption="Services"
                  rows={services}
                  keyOf={({ name }) => name}
                  isPart={isPart}
                  columns={[
                    {
                      title: "Service",
                      by: ({ name }) => name,
                      cell: ({ name }) => <Link to="service" name={name} />,
                    },
                    {
                      title: "Registered providers",
                      isNumber: true,
                      by: ({ providers }) => providers,
                      cell: ({ providers }) => providers,
                    },
                    {
                      title: "Alert",
                      by: ({ name }) => wrong.get(name)?.detail ?? "",
                      cell: ({ name }) => {
                        const alert = wrong.get(name);
                        return alert ? (
                          <Mark good={false}>{alert.detail}</Mark>
                        ) : (
                          <span class="quiet">none</span>
                        );
                      },
                    },
                  ]}
                />
              )}
              <Pages
                url={url}
                next={next_cursor}
                said={`${isPart ? "These" : "All"} ${plural(services.length, "service")}, by name.`}
              />
            </>
          );
        }}
      </Shown>
      <InATerminal path={path} cli="services" />
    </>
  );
}

export function CheckHealth(): JSX.Element {
  return (
    <Action<Record<string, boolean>>
      name="Check health"
      scope="admin"
      says={
        <p>
          Every health URL of up to 200 providers is requested now, as the sweep does. Who fails is not chosen
          until a check succeeds, and who succeeds may be chosen again.
        </p>
      }
      deed={{ method: "POST", path: "/v1/services/health-checks", cli: "check" }}
      done={(results) => {
        const all = Object.values(results);
        return `${plural(all.filter(Boolean).length, "offer is", "offers are")} healthy, of ${all.length}.`;
      }}
    />
  );
}
