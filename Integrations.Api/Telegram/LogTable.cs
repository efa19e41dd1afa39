using System.Buffers;
using System.Globalization;
using System.Text;
using Integrations.Api.Http;
using Integrations.Core.IntegrationLogs;
using Integrations.Core.Persistence;

namespace Integrations.Api.Telegram;

/// <summary>Lines of the log as comma-separated values (RFC 4180), written as they are read.</summary>
internal static class LogTable
{
    public const string ContentType = "text/csv";

    /// <summary>Lines of one answer: what a spreadsheet still opens well.</summary>
    public const int MostLines = 100_000;

    private const string FileName = "activity.csv";

    private static readonly SearchValues<char> ToBeQuoted = SearchValues.Create(",\"\r\n");

    /// <summary>What makes a spreadsheet take a cell for a formula (OWASP, CSV injection).</summary>
    private static readonly SearchValues<char> Formula = SearchValues.Create("=+-@\t\r\n");

    public static async Task WriteAsync(HttpResponse response, IAsyncEnumerable<NamedLog> lines, CancellationToken cancellationToken)
    {
        Download.Begin(response, ContentType + "; charset=utf-8", FileName);
        // The mark at the beginning tells Excel that it is UTF-8. The writer goes to the socket whenever its buffer is full, and waits for it.
        await using var writer = new StreamWriter(response.Body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true), bufferSize: 32 * 1024, leaveOpen: true);
        await writer.WriteAsync("time,user_id,user,account_id,account,action,status,error_code,error_message,trace_id,id\r\n".AsMemory(), cancellationToken);
        await foreach (var line in lines)
            await writer.WriteAsync(Row(line).AsMemory(), cancellationToken);
    }

    internal static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        // A trimmed look: spreadsheets overlook leading spaces.
        var safe = text.AsSpan().TrimStart(' ') is [var first, ..] && Formula.Contains(first) ? "'" + text : text;
        return safe.AsSpan().ContainsAny(ToBeQuoted) ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }

    private static string Row(NamedLog line)
    {
        var log = line.Log;
        string?[] cells =
        [
            log.CreatedAt.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            log.UserId?.ToString(CultureInfo.InvariantCulture),
            line.UserName,
            log.AccountId?.ToString(),
            line.AccountName,
            log.Action,
            Words.Of(log.Status),
            log.ErrorCode,
            log.ErrorMessage,
            log.TraceId,
            log.Id.ToString(),
        ];
        return string.Join(',', cells.Select(Cell)) + "\r\n";
    }
}
