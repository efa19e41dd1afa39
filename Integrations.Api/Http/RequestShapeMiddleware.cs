using System.Globalization;

namespace Integrations.Api.Http;

/// <summary>Checks what stands in the address before a handler runs: ids in the path are uuids, users' are numbers, and the query has only known parameters.</summary>
/// <remarks>It comes after authorization, so that a stranger learns nothing of the shapes behind it.</remarks>
internal sealed class RequestShapeMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<ShapedMetadata>() is not null)
            Check(context, endpoint);
        return next(context);
    }

    private static void Check(HttpContext context, Endpoint endpoint)
    {
        var errors = new FieldErrors();
        foreach (var (name, value) in context.Request.RouteValues)
        {
            if (name == "user_id")
            {
                if (!int.TryParse(value as string, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                    errors.Add(name, "Must be a whole number of at most 32 bits.");
            }
            else if (value is string text && (name == "id" || name.EndsWith("_id", StringComparison.Ordinal)) && !Guid.TryParseExact(text, "D", out _))
                errors.Add(name, "Must be a uuid.");
        }

        var known = endpoint.Metadata.GetMetadata<QueryMetadata>()?.Parameters ?? [];
        foreach (var (name, values) in context.Request.Query)
        {
            var parameter = known.FirstOrDefault(candidate => candidate.Name == name);
            if (parameter is null)
                errors.AddUnknown(name, known.Count == 0 ? ["none"] : known.Select(candidate => candidate.Name));
            else if (values.Count != 1 || values[0] is not { } text)
                errors.Add(name, "Must be given once.");
            else if (parameter.Problem(text) is { } problem)
                errors.Add(name, problem);
        }

        errors.ThrowIfAny();
    }
}

/// <summary>Marks the routes of the public API, whose addresses are checked.</summary>
internal sealed record ShapedMetadata;
