import { useEffect, useRef, useState } from "react";
import { color, serviceColor } from "../../charts/palette";
import { duration } from "../../state/format";
import { useDark } from "../../state/theme";
import type { Zoom } from "./TraceView";
import type { Node } from "./tree";

const HEIGHT = 52;
/** A drag shorter than this is a press, not a brush. */
const LEAST = 4;

interface Props {
  rows: Node[];
  whole: Zoom;
  zoom: Zoom;
  onZoom: (zoom: Zoom | null) => void;
}

function paint(canvas: HTMLCanvasElement, rows: Node[], whole: Zoom, width: number): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(ratio, ratio);
  const scale = width / (whole[1] - whole[0]);
  const step = Math.min(5, (HEIGHT - 6) / Math.max(1, rows.length));
  const colors = new Map<string, string>();
  const failing = color("--bar-error");
  rows.forEach(({ span }, index) => {
    if (!colors.has(span.service)) colors.set(span.service, color(serviceColor(span.service).slice(4, -1)));
    context.fillStyle = span.status === "Error" ? failing : (colors.get(span.service) ?? "");
    context.fillRect((span.offset_ms - whole[0]) * scale, 3 + index * step, Math.max(1, span.duration_ms * scale), Math.max(1, step - 1));
  });
}

/** The whole trace in a strip. Dragging over a part zooms into it; a double press shows all again. */
export function Minimap({ rows, whole, zoom, onZoom }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [drag, setDrag] = useState<readonly [number, number] | null>(null);
  const dark = useDark();
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const resized = new ResizeObserver(() => setWidth(element.clientWidth));
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  useEffect(() => {
    if (canvas.current && width) paint(canvas.current, rows, whole, width);
  }, [rows, whole, width, dark]);

  const share = (value: number) => ((value - whole[0]) / (whole[1] - whole[0])) * 100;
  const at = (event: React.PointerEvent) => Math.max(0, Math.min(width, event.clientX - event.currentTarget.getBoundingClientRect().left));
  const toMs = (pixel: number) => whole[0] + (pixel / width) * (whole[1] - whole[0]);
  const finish = () => {
    if (drag && Math.abs(drag[1] - drag[0]) > LEAST) onZoom([toMs(Math.min(...drag)), toMs(Math.max(...drag))]);
    setDrag(null);
  };
  const zoomed = zoom[0] > whole[0] || zoom[1] < whole[1];
  return (
    <div
      ref={host}
      className="card minimap"
      role="img"
      aria-label={`The whole trace, ${duration(whole[1] - whole[0])}. Shown: ${duration(zoom[0])} to ${duration(zoom[1])}.`}
      title="Drag to zoom"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag([at(event), at(event)]);
      }}
      onPointerMove={(event) => drag && setDrag([drag[0], at(event)])}
      onPointerUp={finish}
      onPointerCancel={() => setDrag(null)}
      onDoubleClick={() => onZoom(null)}
    >
      <canvas ref={canvas} style={{ width, height: HEIGHT }} />
      {zoomed && (
        <>
          <i className="minimap-shade" style={{ left: 0, width: `${share(zoom[0])}%` }} />
          <i className="minimap-shade" style={{ left: `${share(zoom[1])}%`, right: 0 }} />
        </>
      )}
      {drag && <i className="minimap-brush" style={{ left: Math.min(...drag), width: Math.abs(drag[1] - drag[0]) }} />}
    </div>
  );
}
