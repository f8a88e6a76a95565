import type { ReactNode } from "react";
import type { Searched } from "../../api/calls";
import type { ApiError } from "../../api/client";
import { useMedia } from "../../state/media";
import { setParams, useParams } from "../../state/url";
import { Icon } from "../../ui/Icon";
import { SearchBox, type SearchPageName } from "../../ui/SearchBox";
import { Facets } from "./Facets";

/** Narrower than this, facets lie over the page and only open on request. */
const ROOM_FOR_FACETS = "(min-width: 1101px)";
const ROOM_FOR_BOTH = "(min-width: 1301px)";

export type View = readonly [name: string, title: string];

interface Props {
  page: SearchPageName;
  signal: Searched;
  /** What the reader wrote. */
  q: string;
  /** What is asked: also the chosen service. */
  query: string;
  error: ApiError | null;
  placeholder: string;
  tools: ReactNode;
  chart?: ReactNode;
  /** Ways to look at the result, the first without a name. */
  views: readonly View[];
  /** What stands beside the views' names. */
  extra?: ReactNode;
  panel: ReactNode;
  children: ReactNode;
}

/** What all searches share: the box, facets beside the result, ways to look at it, and the record that is open. */
export function SearchLayout({ page, signal, q, query, error, placeholder, tools, chart, views, extra, panel, children }: Props) {
  const { view = "", facets = "" } = useParams();
  const both = useMedia(ROOM_FOR_BOTH);
  const room = useMedia(ROOM_FOR_FACETS) && (both || !panel);
  const shown = facets === "on" || (facets === "" && room);
  const body = ["search-body", shown && room ? "with-facets" : "", panel ? "with-panel" : ""].join(" ");
  const toggle = () => setParams({ facets: shown ? (room ? "off" : null) : room ? null : "on" }, "replace");
  return (
    <div className={`logs ${page}`}>
      <div className="toolbar">
        <SearchBox page={page} signal={signal} query={q} error={error} placeholder={placeholder} />
        {tools}
      </div>
      {chart}
      <div className={body}>
        {shown && <Facets signal={signal} query={query} onClose={toggle} />}
        <section className="card logs-card" aria-label="Result">
          <div className="view-bar">
            <button type="button" className="button small quiet" aria-label="Facets" aria-pressed={shown} onClick={toggle}>
              <Icon name="facets" small />
              <span className="only-wide">Facets</span>
            </button>
            {views.length > 1 && (
              <div className="tabs" role="tablist" aria-label="Ways to look at the result">
                {views.map(([name, title]) => (
                  <button key={name} type="button" role="tab" aria-selected={view === name} onClick={() => setParams({ view: name })}>
                    {title}
                  </button>
                ))}
              </div>
            )}
            <span className="spring" />
            {extra}
          </div>
          {children}
        </section>
        {panel}
      </div>
    </div>
  );
}
