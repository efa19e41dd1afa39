using Integrations.Api.Tests.Host;

namespace Integrations.Api.Tests.Dialogs;

/// <summary>A tenant with one operator, his account and its dialog with Boris.</summary>
internal sealed record DialogScene(ApiHost Host, TestClient Client, Guid Tenant, Guid Account, Guid Dialog)
{
    public const int User = 1;

    public static async Task<DialogScene> BeginAsync(ApiHost host, string role = "operator")
    {
        var (tenant, account) = (await host.AddTenantAsync(), Guid.CreateVersion7());
        var client = host.User(User, role, tenant);
        (await client.GetAsync("/api/v1/auth/me")).Expect(200);
        await host.ExecuteAsync(
            "insert into telegram_accounts (id, tenant_id, user_id, shard, world, status, telegram_user_id, session_payload) values ($1, $2, 1, 0, 'sandbox', 'active', $3, '\\x01')",
            account, tenant, Random.Shared.NextInt64(1, long.MaxValue));
        var scene = new DialogScene(host, client, tenant, account, Guid.Empty);
        return scene with { Dialog = await scene.OpenAsync("Boris") };
    }

    /// <summary>Another dialog of the account.</summary>
    public async Task<Guid> OpenAsync(string title)
    {
        var dialog = Guid.CreateVersion7();
        await Host.ExecuteAsync(
            "insert into dialogs (id, tenant_id, source, personal_account_id, peer_kind, peer_id, title, last_message_at) values ($1, $2, 'personal_telegram', $3, 'user', $4, $5, now())",
            dialog, Tenant, Account, Random.Shared.NextInt64(1, long.MaxValue), title);
        return dialog;
    }

    /// <summary>A bot of the tenant with a dialog.</summary>
    public async Task<(Guid Bot, Guid Dialog)> OpenBotAsync(string title)
    {
        var (bot, dialog) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await Host.ExecuteAsync("insert into integrations (id, tenant_id, user_id, integration_type, status) values ($1, $2, 1, 'telegram_bot', 'active')", bot, Tenant);
        await Host.ExecuteAsync(
            """
            insert into telegram_bots (id, tenant_id, shard, world, telegram_user_id, username, token_fingerprint, hook_id, hook_secret_hash)
            values ($1, $2, 0, 'sandbox', $3, 'shop_bot', sha256($4), $5, '')
            """,
            bot, Tenant, Random.Shared.NextInt64(1, long.MaxValue), bot.ToByteArray(), bot.ToString("N"));
        await Host.ExecuteAsync(
            "insert into dialogs (id, tenant_id, source, bot_id, peer_kind, peer_id, title, last_message_at) values ($1, $2, 'telegram_bot', $3, 'user', 77, $4, now())", dialog, Tenant, bot, title);
        return (bot, dialog);
    }

    /// <param name="direction">in or out.</param>
    public async Task<Guid> SayAsync(string text, Guid? dialog = null, string direction = "in", string status = "received", string ago = "0 seconds")
    {
        var message = Guid.CreateVersion7();
        await Host.ExecuteAsync(
            $"""
             insert into messages (id, tenant_id, account_id, bot_id, dialog_id, shard, direction, status, text, telegram_date, accepted_at)
             select $1, tenant_id, personal_account_id, bot_id, id, 0, source || '_{direction}', '{status}', $3, now() - '{ago}'::interval, case '{direction}' when 'out' then now() end
               from dialogs where id = $2
             """,
            message, dialog ?? Dialog, text);
        return message;
    }
}
