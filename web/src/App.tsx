import { useEffect, useState } from "react";
import { ErrorsPage } from "./pages/errors/ErrorsPage";
import { EventsPage } from "./pages/events/EventsPage";
import { LogsPage } from "./pages/logs/LogsPage";
import { OverviewPage } from "./pages/overview/OverviewPage";
import { TracePage } from "./pages/traces/TracePage";
import { TracesPage } from "./pages/traces/TracesPage";
import { focusSearch, useKeys } from "./state/keys";
import { linkTo, navigate, usePath } from "./state/url";
import { Empty } from "./ui/States";
import { KeysDialog } from "./ui/KeysDialog";
import { Link } from "./ui/Link";
import { TopBar } from "./ui/TopBar";

const TITLES: Readonly<Record<string, string>> = { "/": "Overview", "/logs": "Logs", "/traces": "Traces", "/errors": "Errors", "/events": "Events" };

function title(path: string): string {
  return TITLES[path] ?? (path.startsWith("/traces/") ? "Trace" : "Not found");
}

function Page({ path }: { path: string }) {
  if (path === "/") return <OverviewPage />;
  if (path === "/logs") return <LogsPage />;
  if (path === "/traces") return <TracesPage />;
  if (path === "/errors") return <ErrorsPage />;
  if (path === "/events") return <EventsPage />;
  const trace = /^\/traces\/([^/]+)$/.exec(path)?.[1];
  if (trace) return <TracePage key={trace} id={decodeURIComponent(trace)} />;
  return (
    <Empty icon="search" title="There is no page at this address">
      <p>{path}</p>
      <Link className="button" href={linkTo("/")}>
        To the overview
      </Link>
    </Empty>
  );
}

export function App() {
  const path = usePath();
  const [help, setHelp] = useState(false);
  useEffect(() => {
    document.title = `${title(path)} · Sightline`;
  }, [path]);
  useKeys({
    "/": focusSearch,
    "?": () => setHelp(true),
    "1": () => navigate(linkTo("/")),
    "2": () => navigate(linkTo("/logs")),
    "3": () => navigate(linkTo("/traces")),
    "4": () => navigate(linkTo("/errors")),
    "5": () => navigate(linkTo("/events")),
    ...(help && { Escape: () => setHelp(false) }),
  });
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <TopBar onHelp={() => setHelp(true)} />
      <main id="main" className={path === "/" ? "page" : "page page-fixed"} tabIndex={-1}>
        <h1 className="hidden">{title(path)}</h1>
        <Page path={path} />
      </main>
      {help && <KeysDialog onClose={() => setHelp(false)} />}
    </div>
  );
}
