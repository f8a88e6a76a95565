import { CopyButton } from "../../ui/CopyButton";

const START = `import sightline

sightline.configure(service="my-app")
app = sightline.instrument(app)  # FastAPI, Starlette or Flask`;

/** The first thing a new user sees: how the first line gets here. */
export function NothingYet() {
  return (
    <section className="card nothing-yet">
      <div>
        <h2>Nothing has been recorded yet</h2>
        <p className="muted">Add two lines to an application on this machine, or point any OpenTelemetry SDK at this address. This page fills by itself.</p>
      </div>
      <pre>
        <code>{START}</code>
        <CopyButton text={START} label="Copy these lines" />
      </pre>
      <pre>
        <code>OTEL_EXPORTER_OTLP_ENDPOINT={window.location.origin}</code>
        <CopyButton text={`OTEL_EXPORTER_OTLP_ENDPOINT=${window.location.origin}`} label="Copy this setting" />
      </pre>
    </section>
  );
}
