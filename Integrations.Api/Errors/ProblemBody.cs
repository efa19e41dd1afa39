using System.Text.Json.Serialization;
using Integrations.Core.Errors;

namespace Integrations.Api.Errors;

/// <summary>The body of every refusal: RFC 9457, <c>application/problem+json</c>.</summary>
/// <param name="Type">A stable name of the kind of problem; it is the code as a URN and leads nowhere.</param>
/// <param name="Title">The same few words for every problem of this kind.</param>
/// <param name="Status">The HTTP status, repeated for readers who only have the body.</param>
/// <param name="Detail">What happened here and what to do next.</param>
/// <param name="Code">One word for programs, for example TG_SESSION_EXPIRED.</param>
/// <param name="RetryAfter">Seconds to wait before the same request may succeed.</param>
/// <param name="Errors">What is wrong, by the name of the field or the parameter.</param>
/// <param name="TraceId">Leads to the request in logs and traces.</param>
internal sealed record ProblemBody(
    string Type,
    string Title,
    int Status,
    string Detail,
    string Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? RetryAfter,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string[]>? Errors,
    string TraceId)
{
    public static ProblemBody From(IntegrationException refusal, string traceId) => new(
        "urn:integrations:error:" + refusal.Code,
        refusal.Entry.Title,
        refusal.Entry.Status,
        refusal.Message,
        refusal.Code,
        // Rounded up: who waits exactly as long as he is told must not come too early.
        refusal.RetryAfter is { } wait ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) : null,
        refusal.FieldErrors,
        traceId);
}
