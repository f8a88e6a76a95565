import { Fragment, useState } from "react";
import { CopyButton } from "./CopyButton";
import { Icon } from "./Icon";

interface Props {
  title: string;
  fields: Record<string, string>;
  folded?: boolean;
  onFilter?: (key: string, value: string, out: boolean) => void;
}

/** A dotted name that wraps after its dots, not within its words. */
function breakable(name: string) {
  return name.split(/(?<=[._])/).map((part, index) => (
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

/** Names and values; each can be copied, and searched for or away. */
export function FieldTable({ title, fields, folded = false, onFilter }: Props) {
  const [open, setOpen] = useState(!folded);
  const rows = Object.entries(fields).filter(([, value]) => value !== "");
  if (!rows.length) return null;
  return (
    <section className="fields">
      <h3>
        <button type="button" className="fields-title" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name={open ? "chevron" : "right"} small />
          {title}
          <span className="muted">{rows.length}</span>
        </button>
      </h3>
      {open && (
        <dl>
          {rows.map(([key, value]) => (
            <div key={key} className="field-row">
              <dt className="mono">{breakable(key)}</dt>
              <dd className="mono">
                {String(value)}
                <span className="field-actions">
                  {onFilter && (
                    <>
                      <button type="button" className="button small quiet square" aria-label={`Only ${key} = ${value}`} title="Only this value" onClick={() => onFilter(key, value, false)}>
                        <Icon name="plus" small />
                      </button>
                      <button type="button" className="button small quiet square" aria-label={`Without ${key} = ${value}`} title="Without this value" onClick={() => onFilter(key, value, true)}>
                        <Icon name="minus" small />
                      </button>
                    </>
                  )}
                  <CopyButton text={String(value)} label={`Copy ${key}`} />
                </span>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
