using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Integrations.Bench.HttpFuzz;

/// <summary>Makes requests: some sound, most wrong in one way, as bytes.</summary>
internal sealed class RequestMaker(IReadOnlyList<FuzzRoute> routes, SeenIds ids, string host)
{
    private const string Mark = "\"the hostile value\"";

    /// <summary>As they stand in JSON. None is a text that <see cref="LeakSigns"/> looks for, since refusals may name what was sent.</summary>
    private static readonly string[] Values =
    [
        "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud83d\"", "\"\\udc00\\ud800\"", "\"\\u202e\\u200f\\ufeff\"", "\"' or 1=1 --\"", "\"'; drop table users; --\"", "\"\\\\'||(1/0)||'\"", "\"$1\"", "\"%s%n{0}\"",
        "\"<script>alert(1)</script>\"", "\"\\\"><img src=x onerror=alert(1)>\"", "\"javascript:alert(1)\"", "\"{{7*7}}${7*7}\"", "\"../../etc/passwd\"", "\"a\\r\\nX-Forged: 1\"", "\"\\u001b[31m\"",
        "\"\"", "\" \"", "\"\\ud83d\\ude42\"", "\"I\\u0307\\u0130\\u00df\"", "\"+99966\\u0000\"", "\"a@b\\u0000.example.org\"", "-1", "0", "-0", "1.5", "1e400", "1E-400", "2147483648", "9223372036854775808",
        "99999999999999999999999999999999999999", "true", "null", "[]", "{}", "[[[[]]]]", "[null]", "[\"a\",1,{}]", "{\"a\":{\"b\":{}}}", "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.9999999+14:00\"",
        "\"00000000-0000-0000-0000-000000000000\"", "\"ffffffff-ffff-ffff-ffff-ffffffffffff\"",
    ];

    /// <summary>As they stand in an address.</summary>
    private static readonly string[] Texts =
    [
        "%00", "a%00b", "%0d%0aX-Forged:%201", "'%20or%201=1%20--", "%27%3B%20drop%20table%20users%3B--", "%F0%9F%99%82", "%ED%A0%80", "%ff%fe", "%C0%AE%C0%AE%2f", "..%2f..%2fetc", "%2e%2e%5c", "-1", "0", "1e9", "1.5",
        "99999999999999999999", "9223372036854775807", "-9223372036854775808", "", "%20", "null", "true", "%25", "%", "%zz", "%u0041", "+", "*", "<script>", "%22%3E%3Cscript%3E", "00000000-0000-0000-0000-000000000000",
        "{00000000-0000-0000-0000-000000000000}", "0198c3a27d1070008000000000000001", "\u00e9", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "Europe/Kyiv%00",
    ];

    private static readonly string[] HeaderValues =
    [
        "", " ", "\t", "a\u0000b", "a\r\n folded", "a\rb", "\u00e9\u00ff", "\u0001\u007f", "' or 1=1 --", "<script>alert(1)</script>", "99999999999999999999", "-1", "null", "*/*;q=nope", "a, b, c", "Bearer", "Bearer ", "Bearer a.b.c",
        "Bearer eyJhbGciOiJub25lIn0.e30.", "Basic YTpi", "Basic ====", "Digest x", "bytes=0-0,-1", "W/\"\"", "Sat, 99 Foo 0000 00:00:00 GMT", "gzip;q=0, *;q=0", "::1, 127.0.0.1", "for=\"_x\";proto=gopher",
    ];

    private static readonly string[] HeaderNames =
    [
        "Authorization", "Idempotency-Key", "Last-Event-ID", "Accept", "Accept-Language", "Accept-Encoding", "Cookie", "Origin", "Referer", "User-Agent", "If-None-Match", "If-Modified-Since", "Range", "X-Client-Address", "X-Internal-Key",
        "X-Forwarded-For", "Forwarded", "X-HTTP-Method-Override", "traceparent", "tracestate", "baggage", "Upgrade", "Sec-WebSocket-Key", "X-Bad Name",
    ];

    private static readonly string[] Types =
        ["text/plain", "application/xml", "multipart/form-data", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/json; charset=\"", "application/problem+json", "APPLICATION/JSON", "application/jsonx", "*/*", ",", "a/b/c"];

    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "FOO", "get", "PROPFIND"];

    /// <summary>Each hostile value in each field of a body, and each hostile text in each parameter, where everything else is sound.</summary>
    private readonly List<(FuzzRoute Route, string Name, bool IsField, string Value)> _thorough =
    [
        .. from route in routes from field in route.Fields from value in Values select (route, field, true, value),
        .. from route in routes from parameter in route.Parameters where parameter.In != "header" from text in Texts select (route, parameter.Name, false, text),
    ];

    /// <summary>Routes as often as they have something to be wrong in.</summary>
    private readonly List<FuzzRoute> _weighted = [.. routes.SelectMany(route => Enumerable.Repeat(route, 1 + route.Fields.Count + (route.Parameters.Count / 2)))];

    /// <summary>How many requests there are for <see cref="Thorough"/>.</summary>
    public int ThoroughCount => _thorough.Count;

    /// <summary>The request of this number, of those that leave out no field, parameter and value.</summary>
    public byte[] Thorough(int number, Random random, string? token)
    {
        var (route, name, isField, value) = _thorough[number];
        List<(string Name, string Value)> headers = [("Host", host)];
        if (token is not null)
            headers.Add(("Authorization", "Bearer " + token));
        var address = route.Path;
        foreach (var parameter in route.Parameters.Where(parameter => parameter.In == "path"))
            address = address.Replace($"{{{parameter.Name}}}", !isField && parameter.Name == name ? value : parameter.Sound(random, ids), StringComparison.Ordinal);
        if (!isField && route.Parameters.Any(parameter => parameter.Name == name && parameter.In == "query"))
            address += $"?{name}={value}";
        var body = route.Body is null ? null : isField ? With(Sound(route, random), name, value) : Sound(route, random).ToJsonString();
        return Bytes(route.Method, address, headers, body is null ? null : Encoding.UTF8.GetBytes(body), "application/json", chunked: false);
    }

    /// <param name="random">All that is chosen comes from it.</param>
    /// <param name="token">Of the caller, or null.</param>
    public byte[] Next(Random random, string? token)
    {
        var route = _weighted[random.Next(_weighted.Count)];
        var method = route.Method;
        var headers = new List<(string Name, string Value)> { ("Host", host) };
        if (token is not null)
            headers.Add(("Authorization", "Bearer " + token));
        var hostilePath = false;
        var hostileQuery = false;
        byte[]? body = null;
        if (route.Body is not null)
            body = Encoding.UTF8.GetBytes(Sound(route, random).ToJsonString());
        var type = "application/json";

        switch (random.Next(10))
        {
            case 0:
                // Sound, to get behind the checks.
                break;
            case 1 or 2 or 3 or 4 when route.Body is not null:
                (body, type) = Spoil(route, body!, random);
                break;
            case 5 or 6 when route.Parameters.Any(parameter => parameter.In == "query"):
                hostileQuery = true;
                break;
            case 7 when route.Path.Contains('{', StringComparison.Ordinal):
                hostilePath = true;
                break;
            case 8:
                headers.Add((HeaderNames[random.Next(HeaderNames.Length)], random.Next(20) == 0 ? new string('h', random.Next(1, 20_000)) : HeaderValues[random.Next(HeaderValues.Length)]));
                break;
            case 9 when random.Next(3) == 0:
                method = Methods[random.Next(Methods.Length)];
                break;
            default:
                (hostilePath, hostileQuery) = (random.Next(2) == 0, random.Next(2) == 0);
                break;
        }

        var address = PathOf(route, random, hostilePath) + QueryOf(route, random, hostileQuery);
        foreach (var header in route.Parameters.Where(parameter => parameter.In == "header" && random.Next(2) == 0))
            headers.Add((header.Name, random.Next(4) == 0 ? HeaderValues[random.Next(HeaderValues.Length)] : header.Sound(random, ids)));
        return Bytes(method, address, headers, body, type, chunked: body is not null && random.Next(8) == 0);
    }

    private JsonNode Sound(FuzzRoute route, Random random)
    {
        var body = route.Body!.DeepClone();
        if (body is JsonObject fields)
        {
            // The document's ids are nobody's.
            foreach (var name in fields.Where(field => field.Key.EndsWith("_id", StringComparison.Ordinal)).Select(field => field.Key).ToList())
                fields[name] = ids.Any(random);
        }

        return body;
    }

    private (byte[] Body, string Type) Spoil(FuzzRoute route, byte[] sound, Random random)
    {
        const string Json = "application/json";
        var text = Encoding.UTF8.GetString(sound);
        switch (random.Next(24))
        {
            case 0:
                return (sound[..random.Next(sound.Length)], Json);
            case 1:
                return ([.. sound[..random.Next(sound.Length)], (byte)random.Next(256), .. sound[random.Next(sound.Length)..]], Json);
            case 2:
                var depth = random.Next(1, 2000);
                return (Encoding.UTF8.GetBytes(random.Next(2) == 0
                    ? new string('[', depth) + (random.Next(2) == 0 ? new string(']', depth) : "")
                    : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth)), Json);
            case 3:
                // A name twice: whoever takes the first and whoever takes the last would disagree.
                return (Encoding.UTF8.GetBytes(text.Length > 2 ? "{" + text[1..^1] + "," + text[1..] : "{\"a\":1,\"a\":2}"), Json);
            case 4:
                return (sound, Types[random.Next(Types.Length)]);
            case 5:
                byte[] bad = random.Next(3) switch { 0 => [0xff, 0xfe], 1 => [0xed, 0xa0, 0x80], _ => [0xc0, 0x80] };
                var at = text.IndexOf(":\"", StringComparison.Ordinal) is >= 0 and var quote ? quote + 2 : random.Next(sound.Length);
                return ([.. sound[..at], .. bad, .. sound[at..]], Json);
            case 6:
                return (Encoding.UTF8.GetBytes($"{{\"{new string('n', random.Next(1, 3000))}\":{Values[random.Next(Values.Length)]}}}"), Json);
            case 7:
                return (Encoding.UTF8.GetBytes(Values[random.Next(Values.Length)]), Json);
            case 8 when random.Next(10) == 0:
                return (Encoding.UTF8.GetBytes($"{{\"text\":\"{new string('x', random.Next(70_000, 1_200_000))}\"}}"), Json);
            case 9:
                return ([0xef, 0xbb, 0xbf, .. sound], Json);
            default:
                return route.Fields.Count == 0 ? (sound, Json) : (Encoding.UTF8.GetBytes(With(Sound(route, random), route.Fields[random.Next(route.Fields.Count)], ValueOf(random))), Json);
        }
    }

    private string ValueOf(Random random) => random.Next(12) switch
    {
        0 => $"\"{new string('x', random.Next(1, 5000))}\"",
        1 => $"\"{ids.Any(random)}\"",
        2 => string.Concat(Enumerable.Range(0, random.Next(1, 200)).Select(_ => (char)('0' + random.Next(10)))),
        _ => Values[random.Next(Values.Length)],
    };

    private static string With(JsonNode sound, string field, string value)
    {
        if (sound is not JsonObject body)
            return value;
        var holder = body;
        var names = field.Split('.');
        foreach (var name in names[..^1])
        {
            if (holder[name] is not JsonObject inner)
                holder[name] = inner = new JsonObject();
            holder = inner;
        }

        holder[names[^1]] = "the hostile value";
        return body.ToJsonString().Replace(Mark, value, StringComparison.Ordinal);
    }

    private string PathOf(FuzzRoute route, Random random, bool hostile)
    {
        var path = route.Path;
        foreach (var parameter in route.Parameters.Where(parameter => parameter.In == "path"))
            path = path.Replace($"{{{parameter.Name}}}", hostile ? TextOf(random) : parameter.Sound(random, ids), StringComparison.Ordinal);
        return hostile && random.Next(6) == 0
            ? random.Next(5) switch { 0 => path + "/", 1 => "/" + path, 2 => path.ToUpperInvariant(), 3 => path + "%2f..", _ => path + ";a=b" }
            : path;
    }

    private string QueryOf(FuzzRoute route, Random random, bool hostile)
    {
        var query = new List<string>();
        foreach (var parameter in route.Parameters.Where(parameter => parameter.In == "query"))
        {
            if (random.Next(3) == 0)
                query.Add($"{parameter.Name}={(hostile && random.Next(2) == 0 ? TextOf(random) : parameter.Sound(random, ids))}");
        }

        if (hostile)
        {
            switch (random.Next(4))
            {
                case 0 when query.Count > 0:
                    query.Add(query[0]);
                    break;
                case 1:
                    query.Add($"unknown={TextOf(random)}");
                    break;
                case 2:
                    query.Add(TextOf(random));
                    break;
                default:
                    break;
            }
        }

        return query.Count == 0 ? "" : "?" + string.Join('&', query);
    }

    private static string TextOf(Random random) => random.Next(30) == 0 ? new string('t', random.Next(1, 6000)) : Texts[random.Next(Texts.Length)];

    private static byte[] Bytes(string method, string address, List<(string Name, string Value)> headers, byte[]? body, string type, bool chunked)
    {
        var head = new StringBuilder($"{method} {address} HTTP/1.1\r\n");
        foreach (var (name, value) in headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        if (body is null)
            return Encoding.Latin1.GetBytes(head.Append("\r\n").ToString());

        head.Append(CultureInfo.InvariantCulture, $"Content-Type: {type}\r\n{(chunked ? "Transfer-Encoding: chunked" : $"Content-Length: {body.Length}")}\r\n\r\n");
        return chunked
            ? [.. Encoding.Latin1.GetBytes(head.Append(CultureInfo.InvariantCulture, $"{body.Length:x}\r\n").ToString()), .. body, .. body.Length == 0 ? "\r\n"u8 : "\r\n0\r\n\r\n"u8]
            : [.. Encoding.Latin1.GetBytes(head.ToString()), .. body];
    }
}
