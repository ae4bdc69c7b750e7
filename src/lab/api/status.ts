import type { Cause } from "./field-errors.ts";

export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: object;
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: object;
  readonly code?: number;
}

/** What the error is about: `name` is empty where a whole collection is meant. */
export interface Subject {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  readonly name?: string | undefined;
}

/** An answer that is a failure, on its way from where it is found to where it is sent. */
export class StatusError extends Error {
  readonly status: Status & { readonly code: number };

  /** An empty reason is left out. */
  constructor(code: number, reason: string, message: string, details?: object, metadata: object = {}) {
    super(message);
    this.name = "StatusError";
    const body = { kind: "Status", apiVersion: "v1", metadata, status: "Failure", message } as const;
    this.status = { ...body, ...(reason !== "" && { reason }), ...(details !== undefined && { details }), code };
  }
}

/** A resource as messages name it: `pods`, `networkpolicies.networking.k8s.io`. */
export function qualified(word: string, group: string): string {
  return group === "" ? word : `${word}.${group}`;
}

export function detailsOf(subject: Subject, kind: string, more: object = {}): object {
  const { name, group } = subject;
  return { ...(name && { name }), ...(group && { group }), kind, ...more };
}

function about(subject: Subject): string {
  const resource = qualified(subject.plural, subject.group);
  return subject.name ? `${resource} ${JSON.stringify(subject.name)}` : resource;
}

export function notFound(subject: Subject): StatusError {
  return new StatusError(404, "NotFound", `${about(subject)} not found`, detailsOf(subject, subject.plural));
}

export function alreadyExists(subject: Subject): StatusError {
  return new StatusError(409, "AlreadyExists", `${about(subject)} already exists`, detailsOf(subject, subject.plural));
}

export function conflict(subject: Subject, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${about(subject)}: ${why}`;
  return new StatusError(409, "Conflict", message, detailsOf(subject, subject.plural));
}

export function forbidden(subject: Subject, why: string, causes?: readonly Cause[]): StatusError {
  const details = detailsOf(subject, subject.plural, causes && { causes });
  return new StatusError(403, "Forbidden", `${about(subject)} is forbidden: ${why}`, details);
}

export function invalid(subject: Subject, causes: readonly Cause[]): StatusError {
  const lines = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  const why = lines.length === 1 ? lines.join() : `[${lines.join(", ")}]`;
  const what = `${qualified(subject.kind, subject.group)} ${JSON.stringify(subject.name ?? "")}`;
  return new StatusError(422, "Invalid", `${what} is invalid: ${why}`, detailsOf(subject, subject.kind, { causes }));
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}

export function expired(message: string, metadata?: object): StatusError {
  return new StatusError(410, "Expired", message, undefined, metadata);
}

export function tooManyRequests(message: string): StatusError {
  return new StatusError(429, "TooManyRequests", message, { retryAfterSeconds: 1 });
}

export function noSuchPath(): StatusError {
  return new StatusError(404, "NotFound", "the server could not find the requested resource", {});
}

export function methodNotAllowed(): StatusError {
  const message = "the server does not allow this method on the requested resource";
  return new StatusError(405, "MethodNotAllowed", message, {});
}

/** What a genuine server says when a patch, in itself well-formed, cannot be carried out. */
export function unprocessable(): StatusError {
  const message = "the server rejected our request due to an error in our request";
  return new StatusError(422, "Invalid", message, {});
}

export function unsupportedMediaType(): StatusError {
  return new StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
}

export function internalError(message: string): StatusError {
  return new StatusError(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });
}

export function deleted(subject: Subject, uid: string): Status {
  const details = detailsOf(subject, subject.plural, { uid });
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}
