using System.Text;
using Integrations.Api.Tests.Host;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Tenancy;
using Microsoft.Extensions.DependencyInjection;

namespace Integrations.Api.Tests.Access;

/// <summary>One object of every kind that a route can name, all within the reach of one user; or the names of none at all.</summary>
/// <param name="Target">Another user of the tenant, with a second factor.</param>
internal sealed record TenantObjects(
    Guid Account, Guid Login, Guid Dialog, Guid Message, Guid Note, Guid Filter, Guid QuickReply, Guid Project, Guid Invitation, Guid ApiKey, Guid Session, Guid Erasure, Guid Bot, Guid Media, Guid Channel, int Target)
{
    private static int _lastTarget = 3_000_000;
    private static long _lastPeer = 5_000_000;

    public static TenantObjects Missing() => Fresh(998_877_665);

    public static async Task<TenantObjects> ArrangeAsync(ApiHost host, Guid tenant, int user)
    {
        var made = Fresh(Interlocked.Increment(ref _lastTarget));
        await host.ExecuteAsync(
            """
            with target as (insert into users (id, tenant_id, user_id, subject, role) values (gen_random_uuid(), $1, $3, $3::text, 'operator'))
               , factor as (insert into second_factors (id, tenant_id, user_id, secret_sealed, confirmed_at) values (gen_random_uuid(), $1, $3, 'x', now()))
               , project as (insert into projects (id, tenant_id, name) values ($11, $1, 'Project ' || $11))
               , members as (insert into project_members (tenant_id, project_id, user_id) values ($1, $11, $2), ($1, $11, $3))
               , account as (insert into telegram_accounts (id, tenant_id, user_id, shard, world, status, telegram_user_id, session_payload)
                             values ($4, $1, $2, 0, 'sandbox', 'active', $15, '\x01'), ($5, $1, $2, 0, 'sandbox', 'pending', null, null))
               , login as (insert into telegram_logins (id, tenant_id, method, state, expires_at) values ($5, $1, 'qr', 'ready', now() + interval '1 hour'))
               , dialog as (insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id) values ($6, $1, 'personal_telegram', $4, 'user', $15))
               , media as (insert into media (id, tenant_id, kind, source, state, size) values ($20, $1, 'photo', 'telegram', 'ready', 1))
               , part as (insert into media_parts (tenant_id, media_id, part, content) values ($1, $20, 0, '\x01'))
               , message as (insert into messages (id, tenant_id, account_id, dialog_id, shard, direction, status, text, random_id, accepted_at, media_id)
                             values ($7, $1, $4, $6, 0, 'personal_telegram_out', 'delivered', 'hello', $15, now(), $20))
               , counted as (insert into message_counters (tenant_id, channel, stripe, accepted) values ($1, 'personal_telegram', 0, 1)
                             on conflict (tenant_id, channel, stripe) do update set accepted = message_counters.accepted + 1)
               , note as (insert into dialog_notes (id, tenant_id, dialog_id, author_id, text) values ($8, $1, $6, $2, 'note'))
               , filter as (insert into dialog_filters (id, tenant_id, user_id, name, show) values ($9, $1, $2, 'F' || $9, 'all'))
               , reply as (insert into quick_replies (id, tenant_id, shortcut, text, author_id) values ($10, $1, left(md5($10::text), 30), 'text', $2))
               , invitation as (insert into invitations (id, tenant_id, email, role, token_hash, invited_by, expires_at)
                                values ($12, $1, $12 || '@example.org', 'viewer', sha256($12::text::bytea), $2, now() + interval '1 day'))
               , key as (insert into api_keys (id, tenant_id, user_id, name, prefix, key_hash, scopes, created_by) values ($13, $1, $2, 'key', 'int_', sha256($13::text::bytea), array['read'], $2))
               , erasure as (insert into erasures (id, tenant_id, subject, digest, traces, give_up_at, token_hash)
                             values ($16, $1, 'person', sha256($16::text::bytea), '{}', now() + interval '1 day', sha256($16::text::bytea)))
               , integration as (insert into integrations (id, tenant_id, user_id, integration_type, status) values ($17, $1, $2, 'telegram_bot', 'active'))
               , bot as (insert into telegram_bots (id, tenant_id, shard, world, telegram_user_id, token_sealed, token_fingerprint, hook_id, hook_secret_sealed, hook_secret_hash)
                         values ($17, $1, 0, 'sandbox', $15, $18, sha256($17::text::bytea), $17::text, $19, sha256($17::text::bytea)))
               , channel as (insert into telegram_channels (id, tenant_id, user_id, account_id, channel_id, title, type, is_active, check_at)
                             values ($21, $1, $2, $4, -$15, 'Channel', 'group', true, now() + interval '1 day'))
            insert into console_sessions (token_hash, tenant_id, user_id, expires_at, id) values (sha256($14::text::bytea), $1, $2, now() + interval '1 day', $14)
            """,
            tenant, user, made.Target, made.Account, made.Login, made.Dialog, made.Message, made.Note, made.Filter, made.QuickReply, made.Project, made.Invitation, made.ApiKey, made.Session,
            Interlocked.Increment(ref _lastPeer), made.Erasure, made.Bot,
            await SealAsync(host, TelegramBot.TokenAddress(new TenantId(tenant), made.Bot), "1:nobodys"), await SealAsync(host, TelegramBot.HookSecretAddress(new TenantId(tenant), made.Bot), "any"), made.Media, made.Channel);
        return made;
    }

    /// <summary>A bot's secrets open, so that Telegram is asked; it knows no bot by them.</summary>
    private static async Task<byte[]> SealAsync(ApiHost host, SecretAddress address, string clear) =>
        await host.Services.GetRequiredService<ISecretProtector>().ProtectAsync(address, Encoding.ASCII.GetBytes(clear), CancellationToken.None);

    /// <summary>Ends the login: so many may be open at once, and no more.</summary>
    public Task EndLoginAsync(ApiHost host) => host.ExecuteAsync("update telegram_logins set state = 'expired' where id = $1", Login);

    /// <summary>The object that a placeholder of an address names.</summary>
    public string Of(Route route, string parameter) => parameter switch
    {
        // A QR code is of a login that is open.
        "session_id" when route.Operation == "GetQrCode" => $"{Login}",
        "session_id" or "account_id" => $"{Account}",
        "login_id" => $"{Login}",
        "dialog_id" => $"{Dialog}",
        "note_id" => $"{Note}",
        "project_id" => $"{Project}",
        "user_id" => $"{Target}",
        "before" when route.Operation == "ListNotes" => $"{Note}",
        "bot_id" => $"{Bot}",
        "before" or "after" or "around" when route.Operation is "ListMessages" or "ListPosts" => $"{Message}",
        "before" => $"{Dialog}",
        "id" => route.Path switch
        {
            _ when route.Path.Contains("/telegram/messages/", StringComparison.Ordinal) => $"{Message}",
            _ when route.Path.Contains("/telegram/media/", StringComparison.Ordinal) => $"{Media}",
            _ when route.Path.Contains("/telegram/channels/", StringComparison.Ordinal) => $"{Channel}",
            _ when route.Path.Contains("/telegram/bots/", StringComparison.Ordinal) => $"{Bot}",
            _ when route.Path.Contains("/telegram/dialogs/", StringComparison.Ordinal) => $"{Dialog}",
            _ when route.Path.Contains("/dialog-filters/", StringComparison.Ordinal) => $"{Filter}",
            _ when route.Path.Contains("/quick-replies/", StringComparison.Ordinal) => $"{QuickReply}",
            _ when route.Path.Contains("accounts/", StringComparison.Ordinal) => $"{Account}",
            _ when route.Path.Contains("/projects/", StringComparison.Ordinal) => $"{Project}",
            _ when route.Path.Contains("/invitations/", StringComparison.Ordinal) => $"{Invitation}",
            _ when route.Path.Contains("/api-keys/", StringComparison.Ordinal) => $"{ApiKey}",
            _ when route.Path.Contains("/me/sessions/", StringComparison.Ordinal) => $"{Session}",
            _ when route.Path.Contains("/privacy/erasures/", StringComparison.Ordinal) => $"{Erasure}",
            _ => throw new InvalidOperationException($"What is {{id}} of {route}? Add its kind to {nameof(TenantObjects)}."),
        },
        _ => throw new InvalidOperationException($"What is {{{parameter}}} of {route}? Add its kind to {nameof(TenantObjects)}."),
    };

    /// <summary>Every id, as it would stand in an answer that leaked it.</summary>
    public IEnumerable<string> Ids() =>
        new[] { Account, Login, Dialog, Message, Note, Filter, QuickReply, Project, Invitation, ApiKey, Session, Erasure, Bot, Media, Channel }.Select(id => id.ToString()).Append($"{Target}");

    private static TenantObjects Fresh(int target)
    {
        var ids = Enumerable.Range(0, 15).Select(_ => Guid.CreateVersion7()).ToArray();
        return new(ids[0], ids[1], ids[2], ids[3], ids[4], ids[5], ids[6], ids[7], ids[8], ids[9], ids[10], ids[11], ids[12], ids[13], ids[14], target);
    }
}
