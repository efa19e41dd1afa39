using System.Text.Json;
using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.Persistence;
using Integrations.Core.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace Integrations.Core.Privacy;

/// <summary>About whom something is asked.</summary>
public enum SubjectKind
{
    /// <summary>Somebody who works here, with the accounts that he connected.</summary>
    User,

    /// <summary>Somebody outside with whom connected accounts talk.</summary>
    Person,

    /// <summary>The customer as a whole.</summary>
    Tenant,
}

/// <summary>Whose data is meant. Of a person one way to name him is enough.</summary>
/// <param name="Phone">In E.164.</param>
public sealed record Subject(SubjectKind Kind, int? UserId = null, Guid? DialogId = null, long? TelegramUserId = null, string? Phone = null, string? Username = null);

/// <summary>By what a subject's rows are found: all that is known of him when somebody asks.</summary>
/// <param name="Names">In lower case: what he is called, to be looked for in saved searches.</param>
internal sealed record Traces(
    int? User, Guid[] Accounts, Guid[] Dialogs, long[] People, string[] Phones, string[] Usernames, string[] Names, string[] Emails)
{
    public static readonly Traces None = new(null, [], [], [], [], [], [], []);

    public static Traces Read(string json) => JsonSerializer.Deserialize<Traces>(json, EventJson.Options)!;

    public string ToJson() => JsonSerializer.Serialize(this, EventJson.Options);

    /// <summary>Follows a subject through the tenant's rows.</summary>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public static Task<Traces> FindAsync(TenantTransaction transaction, Subject subject, CancellationToken ct) => subject.Kind switch
    {
        SubjectKind.Tenant => Task.FromResult(None),
        SubjectKind.User => OfUserAsync(transaction, subject.UserId!.Value, ct),
        SubjectKind.Person => OfPersonAsync(transaction, subject, ct),
        _ => throw new ArgumentOutOfRangeException(nameof(subject), subject.Kind, "Not a subject."),
    };

    /// <summary>The same with what has come since, as while a person goes on writing.</summary>
    public async Task<Traces> AgainAsync(TenantTransaction transaction, CancellationToken ct)
    {
        if (User is { } user)
            return this with { Accounts = [.. Accounts.Union(await AccountsAsync(transaction, user, ct))] };
        return People.Length + Phones.Length + Usernames.Length == 0 ? this : await WidenAsync(transaction, ct);
    }

    /// <summary>For the statements of <see cref="KeptData"/>.</summary>
    public void AddTo(NpgsqlCommand command, TenantId tenant)
    {
        Add("tenant", tenant.Value, NpgsqlDbType.Uuid);
        Add("user", User, NpgsqlDbType.Integer);
        Add("accounts", Accounts, NpgsqlDbType.Array | NpgsqlDbType.Uuid);
        Add("dialogs", Dialogs, NpgsqlDbType.Array | NpgsqlDbType.Uuid);
        Add("dialog_ids", Dialogs.Select(id => id.ToString("D")).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);
        Add("people", People, NpgsqlDbType.Array | NpgsqlDbType.Bigint);
        Add("phones", Phones, NpgsqlDbType.Array | NpgsqlDbType.Text);
        Add("usernames", Usernames, NpgsqlDbType.Array | NpgsqlDbType.Text);
        Add("names", Names, NpgsqlDbType.Array | NpgsqlDbType.Text);
        Add("emails", Emails, NpgsqlDbType.Array | NpgsqlDbType.Text);

        void Add(string name, object? value, NpgsqlDbType type) =>
            command.Parameters.Add(new NpgsqlParameter(name, type) { Value = value ?? DBNull.Value });
    }

    private static async Task<Traces> OfUserAsync(TenantTransaction transaction, int user, CancellationToken ct)
    {
        await using var command = transaction.Command("select coalesce(lower(email), '') from users where user_id = @user and erased_at is null");
        command.Parameters.Add(new NpgsqlParameter("user", NpgsqlDbType.Integer) { Value = user });
        var email = await command.ExecuteScalarAsync(ct) as string ?? throw new IntegrationException(ErrorCodes.NotFound, "There is no such user.");
        return None with { User = user, Accounts = [.. await AccountsAsync(transaction, user, ct)], Emails = email.Length == 0 ? [] : [email] };
    }

    private static async Task<List<Guid>> AccountsAsync(TenantTransaction transaction, int user, CancellationToken ct)
    {
        await using var command = transaction.Command("select id from telegram_accounts where user_id = @user");
        command.Parameters.Add(new NpgsqlParameter("user", NpgsqlDbType.Integer) { Value = user });
        List<Guid> accounts = [];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            accounts.Add(reader.GetGuid(0));
        return accounts;
    }

    private static async Task<Traces> OfPersonAsync(TenantTransaction transaction, Subject subject, CancellationToken ct)
    {
        var start = None with
        {
            Dialogs = subject.DialogId is { } dialog ? [dialog] : [],
            People = subject.TelegramUserId is { } id ? [id] : [],
            Phones = subject.Phone is { } phone ? [phone, phone.TrimStart('+')] : [],
            Usernames = subject.Username is { } username ? [username.TrimStart('@').ToLowerInvariant()] : [],
        };
        if (subject.DialogId is not null)
        {
            // Only the dialogs of persons: a group is not somebody who can be forgotten.
            await using var command = transaction.Command("select count(*) from dialogs where id = any(@dialogs) and peer_kind is distinct from 'chat' and peer_kind is distinct from 'channel'");
            start.AddTo(command, transaction.Tenant);
            if (await command.ExecuteScalarAsync(ct) is not 1L)
                throw new IntegrationException(ErrorCodes.NotFound, "There is no such dialog with a person.");
        }

        return await start.WidenAsync(transaction, ct);
    }

    /// <summary>One step from a name to the ids that bear it, and one from those to all their names.</summary>
    private async Task<Traces> WidenAsync(TenantTransaction transaction, CancellationToken ct)
    {
        await using var command = transaction.Command(
            """
            with known as (
                select d.peer_id as id, ltrim(d.phone, '+') as phone, lower(d.username) as username, d.title, d.id as dialog from dialogs d
                 where d.peer_kind is null or d.peer_kind = 'user'
                union all
                select p.peer_id, ltrim(p.phone, '+'), lower(p.username), p.title, null from telegram_peers p where p.kind = 'user'
            ), ids as (
                select id from known
                 where id = any(@people) or dialog = any(@dialogs) or (@by_name and (phone = any(@phones) or username = any(@usernames)))
            ), names as (
                select phone, username from known where id in (select id from ids) or dialog = any(@dialogs)
            )
            select k.id, k.phone, k.username, lower(k.title), k.dialog from known k
             where k.id in (select id from ids) or k.dialog = any(@dialogs)
                or (k.id is null and (k.phone = any(@phones) or k.username = any(@usernames)
                                      or k.phone in (select phone from names) or k.username in (select username from names)))
            """);
        AddTo(command, transaction.Tenant);
        // A username may have become somebody else's: once the id is known, no other id is drawn in by a name.
        command.Parameters.Add(new NpgsqlParameter("by_name", NpgsqlDbType.Boolean) { Value = People.Length == 0 });
        HashSet<long> people = [.. People];
        HashSet<string> phones = [.. Phones], usernames = [.. Usernames], names = [.. Names];
        HashSet<Guid> dialogs = [.. Dialogs];
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            if (!await reader.IsDBNullAsync(0, ct))
                people.Add(reader.GetInt64(0));
            if (!await reader.IsDBNullAsync(1, ct))
                phones.UnionWith([reader.GetString(1), "+" + reader.GetString(1).TrimStart('+'), reader.GetString(1).TrimStart('+')]);
            if (!await reader.IsDBNullAsync(2, ct))
                usernames.Add(reader.GetString(2));
            if (!await reader.IsDBNullAsync(3, ct) && reader.GetString(3).Trim() is { Length: > 2 } title)
                names.Add(title);
            if (!await reader.IsDBNullAsync(4, ct))
                dialogs.Add(reader.GetGuid(4));
        }

        names.UnionWith(usernames.Concat(phones).Where(name => name.Length > 2));
        return this with { Dialogs = [.. dialogs], People = [.. people], Phones = [.. phones], Usernames = [.. usernames], Names = [.. names] };
    }
}

/// <summary>What tells subjects of a tenant apart in a digest.</summary>
internal static class SubjectDigest
{
    public const string Purpose = "privacy.subject";

    /// <summary>The same for the same subject, whichever way he was named.</summary>
    public static byte[] Of(TenantId tenant, Subject subject, Traces traces) => System.Text.Encoding.UTF8.GetBytes(string.Join(
        '|',
        tenant,
        Words.Of(subject.Kind),
        subject.Kind switch
        {
            SubjectKind.User => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{subject.UserId}"),
            SubjectKind.Person when traces.People.Length > 0 => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{traces.People.Min()}"),
            SubjectKind.Person => traces.Phones.Concat(traces.Usernames).Order(StringComparer.Ordinal).FirstOrDefault() ?? $"{subject.DialogId}",
            _ => "",
        }));
}
