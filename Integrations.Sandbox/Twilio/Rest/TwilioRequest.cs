using System.Globalization;
using System.Text.Json.Nodes;

namespace Integrations.Sandbox.Twilio.Rest;

/// <summary>A request to the API whose credentials were good.</summary>
/// <param name="Account">Whose credentials they are.</param>
/// <param name="Form">Empty where the body is no form.</param>
/// <param name="Json">Empty where the body is no JSON object.</param>
internal sealed record TwilioRequest(SandboxTwilio Twilio, TwilioAccount Account, HttpRequest Http, IFormCollection Form, JsonObject Json)
{
    private const int DefaultPage = 50;
    private const int LargestPage = 1000;

    public string Path => Http.Path.Value!;

    /// <summary>Where the caller reached the API, without a slash at its end.</summary>
    public string Base => $"{Http.Scheme}://{Http.Host}";

    public string Route(string name) => (string)Http.RouteValues[name]!;

    public string? Query(string name) => Http.Query[name] is [{ Length: > 0 } value, ..] ? value : null;

    /// <summary>The account in the path: the caller's own, or a subaccount of it.</summary>
    public TwilioAccount Named() =>
        Twilio.FindAccount(Route("account")) is not { } named ? throw TwilioRefusal.NotFound(Path)
        : Account.Has(named) ? named
        : throw new TwilioRefusal(403, 20003, "Permission denied");

    /// <summary>The message in the path, of the account in the path.</summary>
    public TwilioMessage Message() => Twilio.FindMessage(Route("message")) is { } message && message.Account == Named() ? message : throw TwilioRefusal.NotFound(Path);

    /// <summary>One page of a list. Its token is the id of the last item of the page before, so that new items shift nothing.</summary>
    public (IReadOnlyList<T> Items, int Number, int Size, string? NextToken) Page<T>(IReadOnlyList<T> all, Func<T, string> sid)
    {
        var size = Math.Clamp(int.TryParse(Query("PageSize"), CultureInfo.InvariantCulture, out var wanted) ? wanted : DefaultPage, 1, LargestPage);
        var number = int.TryParse(Query("Page"), CultureInfo.InvariantCulture, out var page) ? page : 0;
        var begin = Query("PageToken") is { } token ? all.TakeWhile(item => "PA" + sid(item) != token).Count() + 1 : 0;
        var items = all.Skip(begin).Take(size).ToList();
        return (items, number, size, begin + items.Count < all.Count ? "PA" + sid(items[^1]) : null);
    }

    /// <summary>The address of a page of the list in this request, from its path on.</summary>
    public string PageAddress(int number, int size, string? token)
    {
        List<(string Key, string Value)> query =
        [
            .. Http.Query.Where(pair => pair.Key is not ("Page" or "PageSize" or "PageToken")).SelectMany(pair => pair.Value.Select(value => (pair.Key, value ?? ""))),
            ("PageSize", size.ToString(CultureInfo.InvariantCulture)),
            ("Page", number.ToString(CultureInfo.InvariantCulture)),
        ];
        if (token is not null)
            query.Add(("PageToken", token));
        return $"{Path}?{string.Join('&', query.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"))}";
    }

    /// <summary>A list of the newer products: addresses and the list's name in <c>meta</c>.</summary>
    public TwilioAnswer List<T>(string key, IReadOnlyList<T> all, Func<T, string> sid, Func<T, JsonObject> describe)
    {
        var (items, number, size, next) = Page(all, sid);
        return TwilioAnswer.Ok(new JsonObject
        {
            ["meta"] = new JsonObject
            {
                ["page"] = number,
                ["page_size"] = size,
                ["first_page_url"] = Base + PageAddress(0, size, null),
                ["previous_page_url"] = null,
                ["url"] = Base + PageAddress(number, size, Query("PageToken")),
                ["next_page_url"] = next is null ? null : Base + PageAddress(number + 1, size, next),
                ["key"] = key,
            },
            [key] = new JsonArray([.. items.Select(describe)]),
        });
    }
}

/// <summary>What the API answers.</summary>
/// <param name="Root">The element of the resource where XML is asked for.</param>
internal sealed record TwilioAnswer(int Status, JsonObject? Body = null, string Root = "Resource", string? Location = null)
{
    public static TwilioAnswer NoContent { get; } = new(204);

    public static TwilioAnswer Ok(JsonObject body, string root = "Resource") => new(200, body, root);
}

/// <summary>How Twilio writes times.</summary>
internal static class TwilioTime
{
    /// <summary>RFC 2822, as the API of 2010 has it: <c>Thu, 24 Aug 2023 05:01:45 +0000</c>.</summary>
    public static string Old(DateTimeOffset time) => time.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture);

    /// <summary>ISO 8601, as the newer products have it.</summary>
    public static string New(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
