import { memo } from "react";
import type { Line } from "../../api/lines";
import { levelOf, serviceColor } from "../../charts/palette";
import { clock, day, toMs } from "../../state/format";
import { Highlight } from "../../ui/Highlight";

interface Props {
  record: Line;
  words: string[];
  selected: boolean;
  day: boolean;
  onOpen: (id: string) => void;
}

/** Attributes that every line of a process carries, or that the panel shows better. */
const PLAIN = /^(exception\.stacktrace|request_id|code\.|thread\.|process\.|telemetry\.)/;
const INLINE = 5;
/** Characters of a line that a row can show; a message of a megabyte is read in the panel. */
const LONGEST = 600;

export const LogRow = memo(function LogRow({ record, words, selected, day: withDay, onOpen }: Props) {
  const level = levelOf(record.level, record.severity);
  const ms = toMs(record.timestamp);
  const fields = Object.entries(record.attributes).filter(([key]) => !PLAIN.test(key));
  return (
    <div id={`log-${record.key}`} role="option" aria-selected={selected} className={`log-row level-${level.toLowerCase()}`} onClick={() => onOpen(record.key)}>
      <time className="mono" dateTime={record.timestamp}>
        {withDay && `${day(ms)} `}
        {clock(ms)}
      </time>
      <span className="level">{level}</span>
      <span className="log-service cut">
        <i className="dot" style={{ color: serviceColor(record.service) }} />
        {record.service}
      </span>
      <span className="log-text cut mono">
        {record.body && (
          <span>
            <Highlight text={record.body.slice(0, LONGEST)} words={words} />
          </span>
        )}
        {fields.slice(0, INLINE).map(([key, value]) => (
          <span key={key} className="log-field">
            <i>{key}=</i>
            <Highlight text={value.length > 60 ? `${value.slice(0, 60)}…` : value} words={words} />
          </span>
        ))}
      </span>
    </div>
  );
});
