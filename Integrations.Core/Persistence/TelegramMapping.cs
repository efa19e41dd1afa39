using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Logins;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.Messages;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Integrations.Core.Persistence;

internal sealed class TelegramAccountMapping : IEntityTypeConfiguration<TelegramAccount>
{
    public void Configure(EntityTypeBuilder<TelegramAccount> builder)
    {
        builder.ToTable("telegram_accounts");
        builder.HasKey(account => account.Id);
        builder.Ignore(account => account.StatusWord);
        builder.Ignore(account => account.IsGone);
        builder.Ignore(account => account.HasUsableSession);
        builder.Property(account => account.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(account => account.TenantId).HasColumnName("tenant_id");
        builder.Property(account => account.ClientId).HasColumnName("client_id").ValueGeneratedOnAddOrUpdate();
        builder.Property(account => account.UserId).HasColumnName("user_id");
        builder.Property(account => account.ProjectId).HasColumnName("project_id");
        builder.Property(account => account.Shard).HasColumnName("shard");
        builder.Property(account => account.World).HasColumnName("world").HasConversion<WordConverter<World>>();
        builder.Property(account => account.DcId).HasColumnName("dc_id");
        builder.Property(account => account.DisplayName).HasColumnName("display_name");
        builder.Property(account => account.Username).HasColumnName("username");
        builder.Property(account => account.Phone).HasColumnName("phone");
        builder.Property(account => account.TelegramUserId).HasColumnName("telegram_user_id");
        builder.Property(account => account.Status).HasColumnName("status").HasConversion<WordConverter<AccountStatus>>();
        builder.Property(account => account.Goal).HasColumnName("goal").HasConversion<WordConverter<AccountGoal>>();
        builder.Property(account => account.SessionPayload).HasColumnName("session_payload");
        builder.Property(account => account.ProxySealed).HasColumnName("proxy_sealed");
        builder.Property(account => account.ProxyShown).HasColumnName("proxy_shown");
        builder.Property(account => account.SessionFingerprint).HasColumnName("session_fingerprint");
        builder.Property(account => account.ImportedAt).HasColumnName("imported_at");
        builder.Property(account => account.SessionMetadata).HasColumnName("session_metadata").HasColumnType("jsonb");
        builder.Property(account => account.IsActive).HasColumnName("is_active");
        builder.Property(account => account.AcceptsPrivate).HasColumnName("accepts_private");
        builder.Property(account => account.AcceptsGroups).HasColumnName("accepts_groups");
        builder.Property(account => account.AcceptsChannels).HasColumnName("accepts_channels");
        builder.Property(account => account.LastConnectedAt).HasColumnName("last_connected_at");
        builder.Property(account => account.LastError).HasColumnName("last_error");
        builder.Property(account => account.LastErrorCode).HasColumnName("last_error_code");
        builder.Property(account => account.RestartRequested).HasColumnName("restart_requested");
        builder.Property(account => account.RestartDone).HasColumnName("restart_done");
        builder.Property(account => account.DeletedAt).HasColumnName("deleted_at");
        builder.Property(account => account.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(account => account.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}

internal sealed class TelegramLoginMapping : IEntityTypeConfiguration<TelegramLogin>
{
    public void Configure(EntityTypeBuilder<TelegramLogin> builder)
    {
        builder.ToTable("telegram_logins");
        builder.HasKey(login => login.Id);
        // Without navigations EF would not know that the account's row goes first.
        builder.HasOne<TelegramAccount>().WithOne().HasForeignKey<TelegramLogin>(login => login.Id);
        builder.Ignore(login => login.IsOpen);
        builder.Property(login => login.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(login => login.TenantId).HasColumnName("tenant_id");
        builder.Property(login => login.Method).HasColumnName("method").HasConversion<WordConverter<LoginMethod>>();
        builder.Property(login => login.State).HasColumnName("state").HasConversion<WordConverter<LoginState>>();
        builder.Property(login => login.Phone).HasColumnName("phone");
        builder.Property(login => login.QrUrlSealed).HasColumnName("qr_url_sealed");
        builder.Property(login => login.QrExpiresAt).HasColumnName("qr_expires_at");
        builder.Property(login => login.ResumeSealed).HasColumnName("resume_sealed");
        builder.Property(login => login.PasswordHint).HasColumnName("password_hint");
        builder.Property(login => login.RecoveryPattern).HasColumnName("recovery_pattern");
        builder.Property(login => login.ExpiresAt).HasColumnName("expires_at");
        builder.Property(login => login.RetryAt).HasColumnName("retry_at");
        builder.Property(login => login.ErrorCode).HasColumnName("error_code");
        builder.Property(login => login.ErrorDetail).HasColumnName("error_detail");
        builder.Property(login => login.LastInputId).HasColumnName("last_input_id");
        builder.Property(login => login.LastInputError).HasColumnName("last_input_error");
        builder.Property(login => login.CompletedAt).HasColumnName("completed_at");
        builder.Property(login => login.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(login => login.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}

internal sealed class DialogMapping : IEntityTypeConfiguration<Dialog>
{
    public void Configure(EntityTypeBuilder<Dialog> builder)
    {
        builder.ToTable("dialogs");
        builder.HasKey(dialog => dialog.Id);
        builder.HasOne<TelegramAccount>().WithMany().HasForeignKey(dialog => dialog.PersonalAccountId);
        builder.Ignore(dialog => dialog.InboxId);
        builder.Property(dialog => dialog.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(dialog => dialog.TenantId).HasColumnName("tenant_id");
        builder.Property(dialog => dialog.Source).HasColumnName("source").HasConversion<WordConverter<DialogSource>>();
        builder.Property(dialog => dialog.PersonalAccountId).HasColumnName("personal_account_id");
        builder.Property(dialog => dialog.BotId).HasColumnName("bot_id");
        builder.Property(dialog => dialog.PeerKind).HasColumnName("peer_kind").HasConversion<WordConverter<PeerKind>>();
        builder.Property(dialog => dialog.PeerId).HasColumnName("peer_id");
        builder.Property(dialog => dialog.Username).HasColumnName("username");
        builder.Property(dialog => dialog.Phone).HasColumnName("phone");
        builder.Property(dialog => dialog.Title).HasColumnName("title");
        builder.Property(dialog => dialog.LastMessageAt).HasColumnName("last_message_at");
        builder.Property(dialog => dialog.UnreadCount).HasColumnName("unread_count");
        builder.Property(dialog => dialog.AssigneeId).HasColumnName("assignee_id");
        builder.Property(dialog => dialog.BlockedAt).HasColumnName("blocked_at");
        builder.Property(dialog => dialog.ClosedAt).HasColumnName("closed_at");
        builder.Property(dialog => dialog.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(dialog => dialog.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}

internal sealed class MessageMapping : IEntityTypeConfiguration<Message>
{
    public void Configure(EntityTypeBuilder<Message> builder)
    {
        builder.ToTable("messages");
        builder.HasKey(message => message.Id);
        builder.HasOne<Dialog>().WithMany().HasForeignKey(message => message.DialogId);
        builder.HasOne(message => message.Media).WithMany().HasForeignKey(message => message.MediaId);
        builder.Property(message => message.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(message => message.Seq).HasColumnName("seq").UseIdentityAlwaysColumn();
        builder.Property(message => message.TenantId).HasColumnName("tenant_id");
        builder.Property(message => message.AccountId).HasColumnName("account_id");
        builder.Property(message => message.BotId).HasColumnName("bot_id");
        builder.Property(message => message.DialogId).HasColumnName("dialog_id");
        builder.Property(message => message.Shard).HasColumnName("shard");
        builder.Property(message => message.Direction).HasColumnName("direction").HasConversion<WordConverter<MessageDirection>>();
        builder.Property(message => message.Status).HasColumnName("status").HasConversion<WordConverter<MessageStatus>>();
        builder.Property(message => message.Priority).HasColumnName("priority").HasConversion<short>();
        builder.Property(message => message.Text).HasColumnName("text");
        builder.Property(message => message.ReplyToId).HasColumnName("reply_to_id");
        builder.Property(message => message.ReplyToTelegramId).HasColumnName("reply_to_telegram_id");
        builder.Property(message => message.RandomId).HasColumnName("random_id");
        builder.Property(message => message.TelegramMessageId).HasColumnName("telegram_message_id");
        builder.Property(message => message.TelegramDate).HasColumnName("telegram_date");
        builder.Property(message => message.FromPeerKind).HasColumnName("from_peer_kind").HasConversion<WordConverter<PeerKind>>();
        builder.Property(message => message.FromPeerId).HasColumnName("from_peer_id");
        builder.Property(message => message.SentBy).HasColumnName("sent_by");
        builder.Property(message => message.MediaId).HasColumnName("media_id");
        builder.Property(message => message.AlbumId).HasColumnName("album_id");
        builder.Property(message => message.EditedAt).HasColumnName("edited_at");
        builder.Property(message => message.DeletedAt).HasColumnName("deleted_at");
        builder.Property(message => message.Attempts).HasColumnName("attempts");
        builder.Property(message => message.Epoch).HasColumnName("epoch");
        builder.Property(message => message.ErrorCode).HasColumnName("error_code");
        builder.Property(message => message.ErrorDetail).HasColumnName("error_detail");
        builder.Property(message => message.AcceptedAt).HasColumnName("accepted_at");
        builder.Property(message => message.ScheduledFor).HasColumnName("scheduled_for");
        builder.Property(message => message.PinnedAt).HasColumnName("pinned_at");
        builder.Property(message => message.FinishedAt).HasColumnName("finished_at");
        builder.Property(message => message.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(message => message.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}

internal sealed class MediaFileMapping : IEntityTypeConfiguration<MediaFile>
{
    public void Configure(EntityTypeBuilder<MediaFile> builder)
    {
        builder.ToTable("media");
        builder.HasKey(file => file.Id);
        builder.Property(file => file.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(file => file.TenantId).HasColumnName("tenant_id");
        builder.Property(file => file.Kind).HasColumnName("kind").HasConversion<WordConverter<MediaKind>>();
        builder.Property(file => file.Source).HasColumnName("source").HasConversion<WordConverter<MediaSource>>();
        builder.Property(file => file.State).HasColumnName("state").HasConversion<WordConverter<MediaState>>();
        builder.Property(file => file.FileName).HasColumnName("file_name");
        builder.Property(file => file.MimeType).HasColumnName("mime_type");
        builder.Property(file => file.Size).HasColumnName("size");
        builder.Property(file => file.Width).HasColumnName("width");
        builder.Property(file => file.Height).HasColumnName("height");
        builder.Property(file => file.Duration).HasColumnName("duration");
        builder.Property(file => file.Sha256).HasColumnName("sha256");
        builder.Property(file => file.LocationSealed).HasColumnName("location_sealed");
        builder.Property(file => file.ErrorCode).HasColumnName("error_code");
        builder.Property(file => file.ErrorDetail).HasColumnName("error_detail");
        builder.Property(file => file.UserId).HasColumnName("user_id");
        builder.Property(file => file.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(file => file.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}
