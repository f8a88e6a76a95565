/** DEVELOPMENT ONLY, never shipped. A made-up shop: every second of time yields the same requests whenever it is asked for. */
import type { LogRecord, Span, Trace } from "../src/api/types";
import { hex, pick, randomFrom } from "./random.ts";

const ENDPOINTS = ["GET /", "GET /products", "GET /products/{id}", "POST /cart", "POST /checkout", "GET /orders/{id}", "GET /search"];
const CUSTOMERS = ["ada", "grace", "linus", "barbara", "ken", "margaret"];
const STACK = `Traceback (most recent call last):
  File "/srv/shop/checkout.py", line 88, in checkout
    receipt = payments.charge(order, card)
              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/srv/shop/payments.py", line 41, in charge
    raise CardDeclined(card.last_four)
shop.payments.CardDeclined: card ending 4242 was declined`;

export const iso = (ms: number) => new Date(ms).toISOString().replace("Z", "000000Z").replace(/(\.\d{3})0{6}/, "$1000000");

function resource(service: string): Record<string, string> {
  return { "service.name": service, "service.version": "1.4.2", "deployment.environment.name": "demo", "host.name": "turing", "process.pid": service === "shop" ? "4121" : "4133", "telemetry.sdk.name": "sightline" };
}

export interface Request {
  trace: Trace;
  endpoint: string;
  failed: boolean;
}

export function requestAt(ms: number, seed: number): Request {
  const random = randomFrom(seed);
  const trace_id = hex(random, 32);
  const endpoint = pick(random, ENDPOINTS);
  const failed = random() < (endpoint === "POST /checkout" ? 0.12 : 0.015);
  const slow = random() < 0.05 ? 6 : 1;
  const spans: Span[] = [];
  const logs: LogRecord[] = [];
  const add = (parent: string, name: string, service: string, kind: string, offset: number, length: number, attributes: Record<string, string>): Span => {
    const span: Span = { span_id: hex(random, 16), parent_id: parent, name, kind, service, start: iso(ms + offset), offset_ms: offset, duration_ms: length, status: "Unset", status_message: "", scope: "shop", attributes, resource: resource(service), events: [], links: [] };
    spans.push(span);
    return span;
  };
  const log = (span: Span, offset: number, level: string, severity: number, logger: string, body: string, attributes: Record<string, string> = {}) => {
    logs.push({ id: hex(random, 24), timestamp: iso(ms + offset), level, severity, service: span.service, logger, body, trace_id, span_id: span.span_id, attributes, resource: span.resource });
  };
  const total = (12 + random() * 60) * slow + (endpoint === "POST /checkout" ? 140 + random() * 120 : 0);
  const customer = pick(random, CUSTOMERS);
  const [method = "GET", route = "/"] = endpoint.split(" ");
  const root = add("", endpoint, "shop", "Server", 0, total, { "http.request.method": method, "http.route": route, "http.response.status_code": failed ? "500" : "200", "user.id": customer, "client.address": "10.1.4.22", "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64)" });
  log(root, 0.6, "DEBUG", 5, "shop.session", `session restored for ${customer}`, { user_id: customer });
  const queries = 1 + Math.floor(random() * 4);
  let at = total * 0.06;
  for (let index = 0; index < queries; index += 1) {
    const length = total * (0.03 + random() * 0.09);
    add(root.span_id, index ? "SELECT inventory" : "SELECT product", "shop", "Client", at, length, { "db.system.name": "postgresql", "db.query.text": "SELECT id, name, price_cents FROM product WHERE id = ANY($1)", "server.address": "db.internal" });
    at += length + total * 0.01;
  }
  log(root, at, "INFO", 9, "shop.catalog", `loaded ${queries * 6} products`, { user_id: customer, products: String(queries * 6), cache: random() < 0.7 ? "hit" : "miss" });
  if (slow > 1) log(root, at + 1, "WARN", 13, "shop.catalog", "product query slower than 200 ms, index missing on product.category", { user_id: customer, threshold_ms: "200" });
  if (endpoint === "POST /checkout") {
    const call = add(root.span_id, "POST payments/charge", "shop", "Client", total * 0.42, total * 0.5, { "http.request.method": "POST", "url.full": "http://payments:8001/charge", "http.response.status_code": failed ? "402" : "200" });
    const pay = add(call.span_id, "POST /charge", "payments", "Server", total * 0.45, total * 0.44, { "http.request.method": "POST", "http.route": "/charge" });
    add(pay.span_id, "risk.score", "payments", "Internal", total * 0.47, total * 0.12, { score: random().toFixed(3), model: "risk-7" });
    const card = add(pay.span_id, "card.authorise", "payments", "Client", total * 0.6, total * 0.26, { "card.network": "visa", amount_cents: "4999" });
    log(pay, total * 0.46, "INFO", 9, "payments.api", `charge requested for order ${Math.floor(random() * 9000) + 1000}`, { amount_cents: "4999", currency: "EUR" });
    if (failed) {
      for (const span of [root, call, pay, card]) span.status = "Error";
      card.status_message = "card ending 4242 was declined";
      card.events.push({ time: iso(ms + total * 0.85), name: "exception", attributes: { "exception.type": "shop.payments.CardDeclined", "exception.message": "card ending 4242 was declined", "exception.stacktrace": STACK } });
      log(pay, total * 0.86, "ERROR", 17, "payments.api", "charge failed: card ending 4242 was declined", { "exception.type": "shop.payments.CardDeclined", "exception.message": "card ending 4242 was declined", "exception.stacktrace": STACK, "code.file.path": "/srv/shop/payments.py", "code.line.number": "41" });
    } else log(root, total * 0.95, "INFO", 9, "shop.orders", `order paid by ${customer}`, { user_id: customer, amount_cents: "4999" });
  } else if (failed) {
    root.status = "Error";
    log(root, total * 0.9, random() < 0.1 ? "FATAL" : "ERROR", 17, "shop.web", `${endpoint} failed: connection to db.internal:5432 refused`, { user_id: customer, "exception.type": "psycopg.OperationalError", "exception.message": "connection refused", "exception.stacktrace": STACK.replaceAll("CardDeclined", "OperationalError") });
  }
  log(root, total * 0.99, "INFO", 9, "uvicorn.access", `10.1.4.22 "${endpoint} HTTP/1.1" ${failed ? 500 : 200}`, { status: failed ? "500" : "200", duration_ms: total.toFixed(1) });
  return { endpoint, failed, trace: { trace_id, start: iso(ms), duration_ms: total, services: [...new Set(spans.map((span) => span.service))], spans, logs, truncated: false } };
}

/** A trace of ten thousand spans, to look at how the page bears it. */
export function hugeTrace(): Trace {
  const base = requestAt(Date.now() - 60_000, 7).trace;
  const random = randomFrom(99);
  const root = base.spans[0] as Span;
  root.duration_ms = 9000;
  const spans: Span[] = [root];
  for (let index = 1; index < 10_000; index += 1) {
    const parent = spans[Math.floor(random() * Math.min(spans.length, 400))] as Span;
    const offset = parent.offset_ms + random() * parent.duration_ms * 0.8;
    spans.push({ ...root, span_id: hex(random, 16), parent_id: parent.span_id, name: `step ${index}`, kind: "Internal", service: pick(random, ["shop", "payments", "stock", "mail"]), offset_ms: offset, duration_ms: Math.max(0.01, (parent.offset_ms + parent.duration_ms - offset) * random() * 0.6), status: random() < 0.01 ? "Error" : "Unset", events: [], attributes: { index: String(index) } });
  }
  return { ...base, trace_id: "f".repeat(32), duration_ms: 9000, spans, services: ["shop", "payments", "stock", "mail"] };
}
