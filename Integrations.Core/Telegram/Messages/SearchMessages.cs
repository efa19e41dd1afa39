using System.Text;
using Integrations.Core.Errors;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Telegram.Messages;

/// <summary>What is searched for.</summary>
/// <param name="Text">As it was typed; every word of it must be there, in any form or as the beginning of a longer one.</param>
/// <param name="DialogId">Null for all dialogs.</param>
/// <param name="ByRelevance">The best of the newest ten thousand first, and not the newest.</param>
/// <param name="Before">A message's id: only what stands behind it in the order.</param>
public sealed record MessageSearch(string Text, Guid? DialogId, Guid? AccountId, Guid? BotId, bool ByRelevance, Guid? Before);

/// <summary>A part of a text, in UTF-16 units.</summary>
public readonly record struct TextRange(int Start, int Length);

/// <summary>The part of a message around the first word that was searched for.</summary>
/// <param name="Text">Of the message as it stands; an ellipsis where something was left out.</param>
/// <param name="Ranges">Where in it the words are.</param>
public sealed record Snippet(string Text, IReadOnlyList<TextRange> Ranges);

/// <summary>A message that says what was searched for, and where.</summary>
public sealed record MessageHit(Message Message, Dialog Dialog, Snippet Snippet);

/// <summary>Finds what was said in the dialogs that the caller takes part in.</summary>
public sealed class SearchMessages(TenantDatabase database)
{
    /// <returns>Hits in their order; as many as the limit where there may be more.</returns>
    /// <exception cref="IntegrationException">NOT_FOUND when the dialog, the account, the bot or the message to go on from is out of reach.</exception>
    public Task<List<MessageHit>> ExecuteAsync(Principal principal, MessageSearch search, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(search);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                await ListMessages.RequireReachAsync(transaction, principal, search.DialogId, search.AccountId, search.BotId, cancellationToken);
                if (search.Before is { } before && !await FindMessage.Of(transaction, principal).AnyAsync(message => message.Id == before, cancellationToken))
                    throw new IntegrationException(ErrorCodes.NotFound);

                var inboxes = (search.AccountId ?? search.BotId) is { } only ? [only] : await InboxesAsync(transaction, principal, cancellationToken);
                var marked = await MarkedAsync(transaction, inboxes, search, limit, cancellationToken);
                var ids = marked.ConvertAll(hit => hit.Id);
                var messages = await FindMessage.Of(transaction, principal).Where(message => ids.Contains(message.Id)).ToDictionaryAsync(message => message.Id, cancellationToken);
                var places = messages.Values.Select(message => message.DialogId).Distinct().ToArray();
                var dialogs = await transaction.Db.Dialogs.AsNoTracking().Where(dialog => places.Contains(dialog.Id)).ToDictionaryAsync(dialog => dialog.Id, cancellationToken);
                return marked.Where(hit => messages.ContainsKey(hit.Id))
                    .Select(hit => (Message: messages[hit.Id], hit.Text))
                    .Select(hit => new MessageHit(hit.Message, dialogs[hit.Message.DialogId], Snippets.Of(hit.Message.Text, hit.Text)))
                    .ToList();
            },
            cancellationToken);
    }

    /// <summary>The dialogs in which the newest messages say it; none where there is no word in it.</summary>
    internal static async Task<Guid[]> DialogsSayingAsync(TenantTransaction transaction, Principal principal, string text, CancellationToken cancellationToken)
    {
        var words = SearchWords.Of(text);
        if (words.Length == 0)
            return [];
        await using var command = transaction.Command("select * from doors.dialogs_saying($1, $2, $3)");
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = await InboxesAsync(transaction, principal, cancellationToken) });
        command.Parameters.Add(new NpgsqlParameter { Value = words, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = SearchWords.MostMessages });
        List<Guid> dialogs = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            dialogs.Add(reader.GetGuid(0));
        return [.. dialogs];
    }

    /// <summary>Deleted ones included: what was said outlives the connection.</summary>
    private static async Task<Guid[]> InboxesAsync(TenantTransaction transaction, Principal principal, CancellationToken cancellationToken)
    {
        var accounts = await ReachableAccounts.Talking(transaction, principal).Select(account => account.Id).ToListAsync(cancellationToken);
        var bots = await ReachableBots.Talking(transaction, principal).Select(bot => bot.Id).ToListAsync(cancellationToken);
        return [.. accounts, .. bots];
    }

    private static async Task<List<(Guid Id, string Text)>> MarkedAsync(
        TenantTransaction transaction, Guid[] inboxes, MessageSearch search, int limit, CancellationToken cancellationToken)
    {
        await using var command = transaction.Command("select * from doors.search_messages($1, $2, $3, $4, $5, $6)");
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = inboxes });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)search.DialogId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter { Value = SearchWords.Of(search.Text), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = search.ByRelevance });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)search.Before ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        List<(Guid, string)> marked = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            marked.Add((reader.GetGuid(0), reader.GetString(1)));
        return marked;
    }
}

/// <summary>What somebody typed, as words.</summary>
public static class SearchWords
{
    /// <summary>Words beyond these are not looked for.</summary>
    private const int Most = 12;

    /// <summary>Of how many messages, the newest that say it, the dialogs are told.</summary>
    internal const int MostMessages = 5000;

    /// <summary>Whether there is enough in it to search by: a word of two letters or digits.</summary>
    public static bool IsEnough(string text) => Of(text).Any(word => word.Length > 1);

    /// <summary>Runs of letters and digits; everything else only divides them.</summary>
    internal static string[] Of(string text)
    {
        List<string> words = [];
        var word = new StringBuilder();
        foreach (var c in text.Normalize(NormalizationForm.FormC).Append(' '))
        {
            if (char.IsLetterOrDigit(c) || char.IsSurrogate(c))
            {
                word.Append(c);
            }
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }

        return [.. words.Take(Most)];
    }
}

internal static class Snippets
{
    /// <summary>What stands before the first word, and the whole, in UTF-16 units.</summary>
    private const int Lead = 40, Length = 160;

    /// <param name="marked">The text, character for character, with the words between the characters 1 and 2.</param>
    public static Snippet Of(string text, string marked)
    {
        List<TextRange> ranges = [];
        var (place, begun) = (0, -1);
        foreach (var c in marked)
        {
            switch (c)
            {
                case '\u0001':
                    begun = place;
                    break;
                case '\u0002':
                    if (begun >= 0)
                        ranges.Add(new(begun, place - begun));
                    begun = -1;
                    break;
                default:
                    place++;
                    break;
            }
        }

        // Should the database have left something out, a wrong place would be worse than none.
        if (place != text.Length)
            ranges.Clear();
        var from = ranges.Count == 0 || ranges[0].Start <= Lead ? 0 : AtBreak(text, ranges[0].Start - Lead);
        var to = Math.Min(text.Length, from + Length);
        if (to < text.Length && char.IsLowSurrogate(text[to]))
            to--;
        var before = from > 0 ? "…" : "";
        return new(
            $"{before}{text[from..to]}{(to < text.Length ? "…" : "")}",
            [.. ranges.Where(range => range.Start >= from && range.Start + range.Length <= to).Select(range => range with { Start = range.Start - from + before.Length })]);
    }

    /// <summary>After the next space, where there is one near.</summary>
    private static int AtBreak(string text, int at)
    {
        var space = text.IndexOf(' ', at, Lead);
        var from = space < 0 ? at : space + 1;
        return char.IsLowSurrogate(text[from]) ? from - 1 : from;
    }
}
