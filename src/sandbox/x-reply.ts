/** What the sandbox answers. A string body is sent as it is, anything else as JSON. */
export interface XReply {
  status: number;
  body: unknown;
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
}

const problems = "https://api.x.com/2/problems/";

/** A problem+json answer. `type` is the last part of X's problem address, or "about:blank". */
export function problem(
  status: number,
  title: string,
  detail: string,
  type = "about:blank",
  more: object = {},
): XReply {
  const address = type === "about:blank" ? type : problems + type;
  return {
    status,
    contentType: "application/problem+json",
    body: { title, detail, type: address, status, ...more },
  };
}

export function invalidRequest(message: string, parameters: Readonly<Record<string, readonly string[]>> = {}): XReply {
  const detail = "One or more parameters to your request was invalid.";
  return problem(400, "Invalid Request", detail, "invalid-request", { errors: [{ parameters, message }] });
}

function forbidden(detail: string): XReply {
  return problem(403, "Forbidden", detail);
}

export const unauthorized = problem(401, "Unauthorized", "Unauthorized");
export const tooManyRequests = problem(429, "Too Many Requests", "Too Many Requests");
/** X's exact words; seen on the wire in February 2026. */
export const duplicateContent = forbidden("You are not allowed to create a Tweet with duplicate content.");
export const notPermitted = forbidden("You are not permitted to perform this action.");
export const replyNotAllowed = forbidden(
  "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.",
);

/** A post or account that does not exist. */
export function notFound(what: string, id: string): XReply {
  const detail = `Could not find ${what} with id: [${id}].`;
  return problem(404, "Not Found Error", detail, "resource-not-found", {
    resource_type: what,
    resource_id: id,
    parameter: "id",
    value: id,
  });
}
