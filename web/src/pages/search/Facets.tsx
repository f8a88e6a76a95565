import { useState, type MouseEvent } from "react";
import { fetchFacets, type Searched } from "../../api/calls";
import { useQuery } from "../../api/useQuery";
import type { Facet } from "../../api/schema";
import { integer, number } from "../../state/format";
import { addTerm, splitTerms, term, toggleTerm } from "../../state/terms";
import { rangeKey, rangeQuery, useRange } from "../../state/time";
import { readParams, setParams } from "../../state/url";
import { Icon } from "../../ui/Icon";

/** Values that are shown before somebody asks for more. */
const FEW = 5;
/** The server cuts values at this length; a cut one cannot be searched for. */
const LONGEST = 256;
const ANYTHING = "*";
/** The same as the field that every record has. */
const DOUBLED = "service.name";
/** Among so many records, a field whose commonest value has less than this share is as good as an id. */
const MANY = 50;
const RARE = 0.03;

interface ValueProps {
  field: string;
  value: string;
  count: number;
  share: number;
  terms: string[];
}

/** A press narrows the search to the value and another one takes that back; with Shift, or by the minus, it is left out. */
function Value({ field, value, count, share, terms }: ValueProps) {
  const none = value === "";
  const wanted = none ? `-${fieldName(field)}:${ANYTHING}` : term(field, value);
  const unwanted = none ? `${fieldName(field)}:${ANYTHING}` : `-${wanted}`;
  const shown = none ? "none" : value;
  const query = () => readParams().q ?? "";
  const leaveOut = () => setParams({ q: addTerm(query(), unwanted), record: null });
  const press = (event: MouseEvent) => (event.shiftKey ? leaveOut() : setParams({ q: toggleTerm(query(), wanted), record: null }));
  return (
    <li className="facet-value">
      <button type="button" className="facet-press" aria-pressed={terms.includes(wanted)} disabled={value.length >= LONGEST} title={`${shown}\nShift leaves it out`} onClick={press}>
        <i className="facet-bar" style={{ inlineSize: `${share * 100}%` }} />
        <span className={none ? "cut muted" : "cut"}>{shown}</span>
        <span className="muted">{number(count)}</span>
      </button>
      <button type="button" className="button small quiet square facet-minus" aria-label={`Without ${field} ${shown}`} title="Without this value" disabled={value.length >= LONGEST} onClick={leaveOut}>
        <Icon name="minus" small />
      </button>
    </li>
  );
}

/** A name as `term` writes it. */
function fieldName(field: string): string {
  return term(field, "x").slice(0, -2);
}

function Field({ facet, records, terms }: { facet: Facet; records: number; terms: string[] }) {
  const [all, setAll] = useState(false);
  const values = all ? facet.values : facet.values.slice(0, FEW);
  const hidden = facet.values.length - values.length;
  const share = (count: number) => (records ? count / records : 0);
  return (
    <section className="facet" aria-label={facet.field}>
      <h3 className="cut" title={facet.field}>
        {facet.field}
      </h3>
      <ul>
        {values.map(({ value, count }) => (
          <Value key={value} field={facet.field} value={value} count={count} share={share(count)} terms={terms} />
        ))}
        {facet.missing > 0 && (all || hidden === 0) && <Value field={facet.field} value="" count={facet.missing} share={share(facet.missing)} terms={terms} />}
      </ul>
      {hidden > 0 && (
        <button type="button" className="facet-more" onClick={() => setAll(true)}>
          {hidden} more
        </button>
      )}
    </section>
  );
}

/** A field of ids or of whole texts, or one that all records share: nobody narrows a search by it. */
function saysLittle(facet: Facet, records: number): boolean {
  const [most] = facet.values;
  const long = facet.values.some(({ value }) => value.includes("\n"));
  return long || (facet.values.length === 1 && facet.missing === 0) || (records >= MANY && (most?.count ?? 0) < records * RARE);
}

/** The values of the commonest fields among the records of a search. */
export function Facets({ signal, query, onClose }: { signal: Searched; query: string; onClose: () => void }) {
  const range = useRange();
  const found = useQuery(`facets ${signal}|${query}|${rangeKey(range)}`, (abort) => fetchFacets(signal, query, rangeQuery(range), abort));
  const terms = splitTerms(readParams().q ?? "");
  const [every, setEvery] = useState(false);
  const all = (found.data?.facets ?? []).filter((facet) => facet.values.length > 0 && facet.field !== DOUBLED);
  const searched = (facet: Facet) => terms.some((part) => part.replace(/^-/, "").startsWith(`${fieldName(facet.field)}:`));
  const facets = every ? all : all.filter((facet) => searched(facet) || !saysLittle(facet, found.data?.records ?? 0));
  return (
    <aside className={found.stale ? "card facets waiting" : "card facets"} aria-label="Facets" aria-busy={found.stale}>
      <div className="panel-head">
        <h2>Facets</h2>
        {found.data?.sampled && (
          <span className="muted" title="Counts are of the newest records only">
            of {number(found.data.records)}
          </span>
        )}
        <span className="spring" />
        <button type="button" className="button small quiet square" aria-label="Hide the facets" title="Hide the facets" onClick={onClose}>
          <Icon name="close" small />
        </button>
      </div>
      <div className="scroll facets-body" tabIndex={0} role="group" aria-label="Values">
        {found.loading && <div className="skeleton panel-skeleton" role="status" aria-label="Loading" />}
        {found.error && !found.data && <p className="side-note">{found.error.status === 400 ? "The search cannot be read." : found.error.title}</p>}
        {found.data && all.length === 0 && <p className="side-note">No record matches.</p>}
        {facets.map((facet) => (
          <Field key={facet.field} facet={facet} records={found.data?.records ?? 0} terms={terms} />
        ))}
        {all.length > facets.length && (
          <button type="button" className="facet-more" onClick={() => setEvery(true)}>
            {all.length - facets.length} more fields
          </button>
        )}
        {found.data && facets.length > 0 && (
          <p className="side-note">
            Counted among {found.data.sampled ? "the newest " : ""}
            {integer(found.data.records)} records.
          </p>
        )}
      </div>
    </aside>
  );
}
