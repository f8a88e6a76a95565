import { fetchServices } from "../api/calls";
import { useQuery } from "../api/useQuery";
import { DEFAULT_REFRESH, REFRESH } from "../state/refresh";
import { setTheme, useTheme, type Theme } from "../state/theme";
import { useRange } from "../state/time";
import { linkTo, setParams, useParams, usePath } from "../state/url";
import { Icon, type IconName } from "./Icon";
import { Link } from "./Link";
import { Menu } from "./Menu";
import { TimePicker } from "./TimePicker";

const PAGES: readonly (readonly [path: string, name: string, icon: IconName])[] = [
  ["/", "Overview", "overview"],
  ["/logs", "Logs", "logs"],
  ["/traces", "Traces", "traces"],
  ["/errors", "Errors", "alert"],
  ["/events", "Events", "events"],
];

const THEMES: readonly (readonly [Theme, string])[] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];
const THEME_ICONS: Record<Theme, IconName> = { system: "system", light: "sun", dark: "moon" };

function ServiceMenu() {
  const { service = "" } = useParams();
  const { data } = useQuery("services", fetchServices, 15_000);
  const names = new Set([...(data ?? []).map((one) => one.name), ...(service ? [service] : [])]);
  const options = [["", "All services"] as const, ...[...names].sort().map((name) => [name, name] as const)];
  return (
    <Menu
      label={`Service: ${service || "All services"}`}
      options={options}
      value={service}
      onPick={(picked) => setParams({ service: picked })}
      face={
        <>
          <Icon name="service" />
          <span className="cut only-wide">{service || "All services"}</span>
          <Icon name="chevron" small />
        </>
      }
    />
  );
}

function RefreshMenu() {
  const { refresh = DEFAULT_REFRESH } = useParams();
  const stopped = useRange().kind === "absolute";
  const text = stopped ? "Fixed" : (REFRESH.find(([name]) => name === refresh)?.[1] ?? "5 s");
  return (
    <Menu
      label={stopped ? "Refresh: Fixed, as this range does not move" : `Refresh: ${text}`}
      options={REFRESH.map(([name, long]) => [name, long] as const)}
      value={refresh}
      onPick={(picked) => setParams({ refresh: picked === DEFAULT_REFRESH ? null : picked }, "replace")}
      face={
        <>
          <Icon name="refresh" />
          <span className="only-wide">{text}</span>
        </>
      }
    />
  );
}

export function TopBar({ onHelp }: { onHelp: () => void }) {
  const path = usePath();
  const theme = useTheme();
  useParams();
  const onTrace = path.startsWith("/traces/");
  return (
    <header className="topbar">
      <Link className="brand" href={linkTo("/")} aria-label="Sightline, overview">
        <img src="/assets/sightline.svg" alt="" width="24" height="24" />
        <span>Sightline</span>
      </Link>
      <nav className="nav" aria-label="Pages">
        {PAGES.map(([target, name, icon]) => {
          const here = target === "/" ? path === "/" : path.startsWith(target);
          return (
            <Link key={target} href={linkTo(target)} aria-current={here ? "page" : undefined}>
              <Icon name={icon} />
              {name}
            </Link>
          );
        })}
      </nav>
      <span className="spring" />
      {!onTrace && (
        <>
          <ServiceMenu />
          <TimePicker />
          {path === "/" && <RefreshMenu />}
        </>
      )}
      <Menu label="Theme" className="button quiet square" face={<Icon name={THEME_ICONS[theme]} />} options={THEMES} value={theme} onPick={(picked) => setTheme(picked as Theme)} />
      <button type="button" className="button quiet square only-wide" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={onHelp}>
        <Icon name="help" />
      </button>
    </header>
  );
}
