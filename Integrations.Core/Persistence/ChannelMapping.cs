using Integrations.Core.Telegram.Channels;
using Integrations.Core.Telegram.Messages;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Integrations.Core.Persistence;

internal sealed class TelegramChannelMapping : IEntityTypeConfiguration<TelegramChannel>
{
    public void Configure(EntityTypeBuilder<TelegramChannel> builder)
    {
        builder.ToTable(TelegramChannel.Table);
        builder.HasKey(channel => channel.Id);
        builder.Ignore(channel => channel.KnownRights);
        builder.Property(channel => channel.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(channel => channel.TenantId).HasColumnName("tenant_id");
        builder.Property(channel => channel.UserId).HasColumnName("user_id");
        builder.Property(channel => channel.AccountId).HasColumnName("account_id");
        builder.Property(channel => channel.BotId).HasColumnName("bot_id");
        builder.Property(channel => channel.ChannelId).HasColumnName("channel_id");
        builder.Property(channel => channel.Title).HasColumnName("title");
        builder.Property(channel => channel.Type).HasColumnName("type").HasConversion<WordConverter<ChannelType>>();
        builder.Property(channel => channel.Username).HasColumnName("username");
        builder.Property(channel => channel.Settings).HasColumnName("settings").HasColumnType("jsonb");
        builder.Property(channel => channel.MembersCount).HasColumnName("members_count");
        builder.Property(channel => channel.IsActive).HasColumnName("is_active");
        builder.Property(channel => channel.Rights).HasColumnName("rights").HasColumnType("jsonb");
        builder.Property(channel => channel.CanPost).HasColumnName("can_post");
        builder.Property(channel => channel.CheckedAt).HasColumnName("checked_at");
        builder.Property(channel => channel.CheckAt).HasColumnName("check_at");
        builder.Property(channel => channel.ErrorCode).HasColumnName("error_code");
        builder.Property(channel => channel.ErrorDetail).HasColumnName("error_detail");
        builder.Property(channel => channel.DeletedAt).HasColumnName("deleted_at");
        builder.Property(channel => channel.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(channel => channel.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}

internal sealed class FoundChannelMapping : IEntityTypeConfiguration<FoundChannel>
{
    public void Configure(EntityTypeBuilder<FoundChannel> builder)
    {
        builder.ToTable("telegram_found_channels");
        builder.HasKey(found => found.Id);
        builder.Ignore(found => found.KnownRights);
        builder.Property(found => found.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(found => found.TenantId).HasColumnName("tenant_id");
        builder.Property(found => found.AccountId).HasColumnName("account_id");
        builder.Property(found => found.BotId).HasColumnName("bot_id");
        builder.Property(found => found.ChannelId).HasColumnName("channel_id");
        builder.Property(found => found.Title).HasColumnName("title");
        builder.Property(found => found.Type).HasColumnName("type").HasConversion<WordConverter<ChannelType>>();
        builder.Property(found => found.Username).HasColumnName("username");
        builder.Property(found => found.MembersCount).HasColumnName("members_count");
        builder.Property(found => found.Rights).HasColumnName("rights").HasColumnType("jsonb");
        builder.Property(found => found.CanPost).HasColumnName("can_post");
        builder.Property(found => found.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(found => found.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}

internal sealed class MessageChangeMapping : IEntityTypeConfiguration<MessageChange>
{
    public void Configure(EntityTypeBuilder<MessageChange> builder)
    {
        builder.ToTable("message_changes");
        builder.HasKey(change => change.Id);
        builder.Property(change => change.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(change => change.TenantId).HasColumnName("tenant_id");
        builder.Property(change => change.MessageId).HasColumnName("message_id");
        builder.Property(change => change.Seq).HasColumnName("seq").UseIdentityAlwaysColumn();
        builder.Property(change => change.Kind).HasColumnName("kind").HasConversion<WordConverter<MessageChangeKind>>();
        builder.Property(change => change.Text).HasColumnName("text");
        builder.Property(change => change.State).HasColumnName("state").HasConversion<WordConverter<MessageChangeState>>();
        builder.Property(change => change.Attempts).HasColumnName("attempts");
        builder.Property(change => change.ErrorCode).HasColumnName("error_code");
        builder.Property(change => change.ErrorDetail).HasColumnName("error_detail");
        builder.Property(change => change.UserId).HasColumnName("user_id");
        builder.Property(change => change.FinishedAt).HasColumnName("finished_at");
        builder.Property(change => change.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(change => change.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}
