using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Google;

/// <summary>A refusal in the shape that Google's JSON APIs share: <c>error.code</c>, <c>error.message</c>, <c>error.errors[].reason</c>.</summary>
/// <remarks>Reasons and messages are those of https://developers.google.com/workspace/calendar/api/guides/errors.</remarks>
internal sealed class GoogleRefusal(
    int status, string reason, string message, string domain = "global", string? locationType = null, string? location = null) : Exception(message)
{
    public int Status => status;

    public string Reason => reason;

    /// <summary>Google's newer word for the status (<c>UNAUTHENTICATED</c>); most answers of Calendar have none.</summary>
    public string? Word { get; init; }

    public string? WwwAuthenticate { get; init; }

    public static GoogleRefusal NotFound() => new(404, "notFound", "Not Found");

    /// <summary>A value that Google understood and does not take.</summary>
    public static GoogleRefusal Invalid(string message, string? parameter = null) =>
        new(400, "invalid", message, locationType: parameter is null ? null : "parameter", location: parameter);

    /// <summary>A query that makes no sense as a whole.</summary>
    public static GoogleRefusal BadRequest(string message) => new(400, "badRequest", message);

    public static GoogleRefusal Required(string message) => new(400, "required", message);

    public static GoogleRefusal EmptyRange() => new(400, "timeRangeEmpty", "The specified time range is empty.", "calendar", "parameter", "timeMax");

    public static GoogleRefusal Forbidden(string message) => new(403, "forbidden", message, "calendar");

    public static GoogleRefusal Deleted() => new(410, "deleted", "Resource has been deleted");

    public static GoogleRefusal Unauthorized() => new(401, "authError", "Invalid Credentials", locationType: "header", location: "Authorization")
    {
        Word = "UNAUTHENTICATED",
        WwwAuthenticate = "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"",
    };

    public static GoogleRefusal MissingScope() => new(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
    {
        Word = "PERMISSION_DENIED",
        WwwAuthenticate = "Bearer realm=\"https://accounts.google.com/\", error=\"insufficient_scope\"",
    };

    public JsonObject Body()
    {
        var detail = new JsonObject { ["domain"] = domain, ["reason"] = reason, ["message"] = Message };
        if (location is not null)
            (detail["locationType"], detail["location"]) = (locationType, location);

        var error = new JsonObject { ["errors"] = new JsonArray(detail), ["code"] = status, ["message"] = Message };
        if (Word is not null)
            error["status"] = Word;
        return new JsonObject { ["error"] = error };
    }
}

/// <summary>A refusal of the OAuth endpoints: <c>error</c>, <c>error_description</c> and, for some, <c>error_subtype</c>.</summary>
internal sealed class OAuthRefusal(int status, string error, string? description, string? subtype = null) : Exception(description ?? error)
{
    public int Status => status;

    public string Error => error;

    public JsonObject Body()
    {
        var body = new JsonObject { ["error"] = error };
        if (description is not null)
            body["error_description"] = description;
        if (subtype is not null)
            body["error_subtype"] = subtype;
        return body;
    }
}
