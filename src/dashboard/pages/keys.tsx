import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { KeyList, MadeKey } from "../../client/shapes.ts";
import { useSession, useView } from "../app/session.ts";
import { Action } from "../parts/action.tsx";
import { Copy, InATerminal } from "../parts/commands.tsx";
import { Age } from "../parts/marks.tsx";
import { useTitle } from "../parts/page.tsx";
import { Shown } from "../parts/shown.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { plural, quoted } from "../parts/words.ts";

/** API keys of the namespace. */

const SCOPES = ["read", "write", "admin"] as const;
const DAY_MS = 86_400_000;
type Key = KeyList["keys"][number];

export function Keys(): JSX.Element {
  useTitle("Keys");
  const session = useSession();
  const isAdmin = session.may("admin");
  const view = useView<KeyList>(isAdmin ? "/v1/keys" : null);
  return (
    <>
      <h1>Keys</h1>
      <p class="quiet">
        {session.who.access === "open"
          ? "Access is open: requests need no key on this machine. Keys that are made here count once API_KEYS is set."
          : `This tab has the key ${session.who.name}, of the namespace ${session.who.namespace}, with ${session.who.scopes.join(", ")}.`}
      </p>
      <div class="actions" role="group" aria-label="Actions">
        <MakeKey />
      </div>
      {isAdmin ? (
        <Shown view={view}>
          {({ keys }) => (
            <>
              {keys.length > 0 && (
                <Table
                  caption="Keys"
                  rows={keys}
                  keyOf={(key) => key.id ?? `config ${key.name}`}
                  columns={COLUMNS}
                />
              )}
              <p class="quiet">
                {keys.length === 0
                  ? "No key has been made."
                  : `All ${plural(keys.length, "key")} of the namespace.`}{" "}
                A key that is revoked ends everywhere within 30 s.
              </p>
            </>
          )}
        </Shown>
      ) : (
        <p class="card">To list keys, a key needs the scope admin.</p>
      )}
      <InATerminal path="/v1/keys" cli="keys list" />
    </>
  );
}

const dateOr = (at: string | null, otherwise: string) =>
  at === null ? otherwise : <time dateTime={at}>{at.slice(0, 16).replace("T", " ")}</time>;

const COLUMNS: readonly Column<Key>[] = [
  {
    title: "Name",
    by: ({ name }) => name,
    cell: ({ name, id }) => (
      <>
        {name} {id && <code>{id}</code>}
      </>
    ),
  },
  { title: "Scopes", by: ({ scopes }) => scopes.join(), cell: ({ scopes }) => scopes.join(", ") },
  {
    title: "From",
    by: ({ source }) => source,
    cell: ({ source, created_by }) =>
      source === "config" ? "API_KEYS" : `made by ${created_by ?? "anyone"}`,
  },
  {
    title: "Last used",
    by: ({ last_used_at }) => last_used_at ?? "",
    cell: ({ last_used_at, source }) =>
      last_used_at ? <Age at={last_used_at} suffix=" ago" /> : source === "config" ? "not counted" : "never",
  },
  {
    title: "Expires",
    by: ({ expires_at }) => expires_at ?? "~",
    cell: ({ expires_at }) => dateOr(expires_at, "never"),
  },
  {
    title: "Actions",
    cell: (key) =>
      key.id === null ? (
        <span class="quiet">configured: change API_KEYS</span>
      ) : (
        <KeyActions id={key.id} name={key.name} />
      ),
  },
];

function KeyActions({ id, name }: { id: string; name: string }): JSX.Element {
  const [days, setDays] = useState(1);
  const path = `/v1/keys/${id}`;
  return (
    <>
      <Action<MadeKey>
        name="Rotate"
        scope="admin"
        says={
          <p>
            A new secret is made for <b>{name}</b> and shown once. The one before works for so many days more,
            and then ends.
          </p>
        }
        fields={
          <div class="fields">
            <label>
              Days that both work{" "}
              <input
                type="number"
                min={0}
                max={7}
                value={days}
                required
                onInput={(event) => setDays(Number(event.currentTarget.value))}
              />
            </label>
          </div>
        }
        deed={{
          method: "POST",
          path: `${path}/rotate`,
          body: { overlap_seconds: days * 86_400 },
          cli: `keys rotate ${id} --overlap ${days * 86_400}`,
        }}
        staysOpen
        done={(made) => <Secret secret={made.secret} name={name} />}
      />
      <Action
        name="Revoke"
        scope="admin"
        says={
          <p>
            The key <b>{name}</b> ends everywhere within 30 s, and the sockets and streams that it opened are
            closed. It cannot be undone. What it has registered stays.
          </p>
        }
        deed={{ method: "DELETE", path, cli: `keys revoke ${id}` }}
        done={() => "It is revoked."}
      />
    </>
  );
}

function Secret({ secret, name }: { secret: string; name: string }): JSX.Element {
  return (
    <>
      <p>
        The secret of <b>{name}</b>. It is shown only now: keep it where secrets are kept.
      </p>
      <div class="command">
        <pre tabIndex={0} aria-label="the secret">
          {secret}
        </pre>
        <Copy text={secret} what="the secret" />
      </div>
    </>
  );
}

function MakeKey(): JSX.Element {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly string[]>(["read"]);
  const [days, setDays] = useState("90");
  const expires_at =
    days === "" ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString().replace(/\.\d+/, "");
  return (
    <Action<MadeKey>
      name="Make a key"
      scope="admin"
      says={<p>The key works at once, in this namespace. Its secret is shown once.</p>}
      fields={
        <div class="fields">
          <label>
            Name{" "}
            <input
              value={name}
              required
              maxLength={64}
              autocomplete="off"
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
          <fieldset>
            <legend>Scopes</legend>
            {SCOPES.map((scope) => (
              <label key={scope}>
                <input
                  type="checkbox"
                  checked={scopes.includes(scope)}
                  onChange={(event) =>
                    setScopes(
                      SCOPES.filter((one) =>
                        one === scope ? event.currentTarget.checked : scopes.includes(one),
                      ),
                    )
                  }
                />{" "}
                {scope}
              </label>
            ))}
          </fieldset>
          <label>
            Days until it expires; empty: never{" "}
            <input
              type="number"
              min={1}
              max={3650}
              value={days}
              onInput={(event) => setDays(event.currentTarget.value)}
            />
          </label>
        </div>
      }
      deed={{
        method: "POST",
        path: "/v1/keys",
        body: { name, scopes, expires_at },
        cli: `keys create ${quoted(name || "NAME")} ${scopes.map((scope) => `--scope ${scope}`).join(" ")}${days === "" ? "" : ` --expires ${days}d`}`,
      }}
      verb="Make it"
      staysOpen
      done={(made) => <Secret secret={made.secret} name={made.name} />}
    />
  );
}
