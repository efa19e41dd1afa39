using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Integrations.Core.Persistence;

internal sealed class IntegrationMapping : IEntityTypeConfiguration<Integration>
{
    public void Configure(EntityTypeBuilder<Integration> builder)
    {
        builder.ToTable("integrations");
        builder.HasKey(integration => integration.Id);
        builder.Property(integration => integration.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(integration => integration.TenantId).HasColumnName("tenant_id");
        builder.Property(integration => integration.UserId).HasColumnName("user_id");
        builder.Property(integration => integration.ProjectId).HasColumnName("project_id");
        builder.Property(integration => integration.IntegrationType).HasColumnName("integration_type").HasConversion<WordConverter<IntegrationType>>();
        builder.Property(integration => integration.Status).HasColumnName("status").HasConversion<WordConverter<IntegrationStatus>>();
        builder.Property(integration => integration.LastErrorCode).HasColumnName("last_error_code");
        builder.Property(integration => integration.LastError).HasColumnName("last_error");
        builder.Property(integration => integration.MessagesReceived).HasColumnName("messages_received");
        builder.Property(integration => integration.MessagesSent).HasColumnName("messages_sent");
        builder.Property(integration => integration.LastActivity).HasColumnName("last_activity");
        builder.Property(integration => integration.DeletedAt).HasColumnName("deleted_at");
        builder.Property(integration => integration.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(integration => integration.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}

internal sealed class TelegramBotMapping : IEntityTypeConfiguration<TelegramBot>
{
    public void Configure(EntityTypeBuilder<TelegramBot> builder)
    {
        builder.ToTable(TelegramBot.Table);
        builder.HasKey(bot => bot.Id);
        // Without navigations EF would not know that the integration's row goes first.
        builder.HasOne<Integration>().WithOne().HasForeignKey<TelegramBot>(bot => bot.Id);
        builder.Ignore(bot => bot.KnownRights);
        builder.Ignore(bot => bot.TokenHint);
        builder.Property(bot => bot.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(bot => bot.TenantId).HasColumnName("tenant_id");
        builder.Property(bot => bot.Shard).HasColumnName("shard");
        builder.Property(bot => bot.World).HasColumnName("world").HasConversion<WordConverter<World>>();
        builder.Property(bot => bot.TelegramUserId).HasColumnName("telegram_user_id");
        builder.Property(bot => bot.Username).HasColumnName("username");
        builder.Property(bot => bot.DisplayName).HasColumnName("display_name");
        builder.Property(bot => bot.TokenSealed).HasColumnName("token_sealed");
        builder.Property(bot => bot.TokenFingerprint).HasColumnName("token_fingerprint");
        builder.Property(bot => bot.HookId).HasColumnName("hook_id");
        builder.Property(bot => bot.HookSecretSealed).HasColumnName("hook_secret_sealed");
        builder.Property(bot => bot.HookSecretHash).HasColumnName("hook_secret_hash");
        builder.Property(bot => bot.Rights).HasColumnName("rights").HasColumnType("jsonb");
        builder.Property(bot => bot.Settings).HasColumnName("settings").HasColumnType("jsonb");
        builder.Property(bot => bot.IsActive).HasColumnName("is_active");
        builder.Property(bot => bot.RegisteredAt).HasColumnName("registered_at");
        builder.Property(bot => bot.CheckedAt).HasColumnName("checked_at");
        builder.Property(bot => bot.PendingUpdates).HasColumnName("pending_updates");
        builder.Property(bot => bot.HookError).HasColumnName("hook_error");
        builder.Property(bot => bot.HookErrorAt).HasColumnName("hook_error_at");
        builder.Property(bot => bot.DeletedAt).HasColumnName("deleted_at");
        builder.Property(bot => bot.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(bot => bot.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}
