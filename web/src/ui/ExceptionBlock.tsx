import { CopyButton } from "./CopyButton";

const FRAME = /^\s*File "(.+)", line (\d+)(?:, in (.+))?$/;

/** One line of a Python traceback: places stand out, the user's own code more than installed packages. */
function StackLine({ line }: { line: string }) {
  const frame = FRAME.exec(line);
  if (!frame) return <>{line}</>;
  const [, file = "", at = "", scope = ""] = frame;
  const foreign = /site-packages|\/lib\/python|<frozen/.test(file);
  return (
    <span className={foreign ? "stack-foreign" : "stack-own"}>
      {"  "}
      {file}:<b>{at}</b>
      {scope && <> in <b>{scope}</b></>}
    </span>
  );
}

/** The newest call stands last in a Python traceback: that end is shown first. */
function showEnd(element: HTMLPreElement | null): void {
  if (element) element.scrollTop = element.scrollHeight;
}

/** An exception's type, message and stack, where the attributes hold one. */
export function ExceptionBlock({ attributes }: { attributes: Record<string, string> }) {
  const type = attributes["exception.type"] ?? "";
  const message = attributes["exception.message"] ?? "";
  const stack = attributes["exception.stacktrace"] ?? "";
  if (!type && !message && !stack) return null;
  return (
    <section className="exception" aria-label="Exception">
      <header>
        <p>
          <strong className="mono">{type}</strong> {message}
        </p>
        {stack && <CopyButton text={stack} label="Copy the stack trace" />}
      </header>
      {stack && (
        <pre ref={showEnd} className="scroll" tabIndex={0} role="group" aria-label="Stack trace">
          {stack.trimEnd().split("\n").map((line, index) => (
            <span key={index} className="stack-line">
              <StackLine line={line} />
              {"\n"}
            </span>
          ))}
        </pre>
      )}
    </section>
  );
}
