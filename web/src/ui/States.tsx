import type { ReactNode } from "react";
import type { ApiError } from "../api/client";
import { Icon, type IconName } from "./Icon";

/** Nothing to show, why, and what to do next. */
export function Empty({ icon = "empty", title, children }: { icon?: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="state" role="status">
      <Icon name={icon} />
      <strong>{title}</strong>
      {children}
    </div>
  );
}

export function Failed({ error, onRetry }: { error: ApiError; onRetry: () => void }) {
  return (
    <div className="state bad" role="alert">
      <Icon name="alert" />
      <strong>{error.title}</strong>
      <p>
        {error.detail} {error.status === 0 && "This page tries again by itself."}
      </p>
      <button type="button" className="button" onClick={onRetry}>
        <Icon name="refresh" />
        Try again
      </button>
    </div>
  );
}

/** A word over older figures: they stay on show while the server is away. */
export function StaleBanner({ error, what = "The figures", onRetry }: { error: ApiError; what?: string; onRetry: () => void }) {
  return (
    <div className="banner" role="alert">
      <Icon name="alert" />
      <span>{error.title}. {what} are the last ones that arrived.</span>
      <button type="button" className="button small" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}
