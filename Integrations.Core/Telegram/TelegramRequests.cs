using Integrations.Core.Events;
using Integrations.Core.Outbound;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Logins;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Telegram.QuickReplies;
using Integrations.Core.Telegram.Sending;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Integrations.Core.Telegram;

/// <summary>Registers what people ask of Telegram accounts; the answers come from the workers, through the database.</summary>
public static class TelegramRequests
{
    /// <remarks>Settings: <c>PERSONAL_TELEGRAM_QR_TIMEOUT</c>, <c>Sending:*</c>, <c>Media:*</c>, <c>MEDIA_MAX_BYTES</c>, <c>Outbound:*</c>. Needs the events and the secrets of the host.</remarks>
    public static TBuilder AddTelegramRequests<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddOptions<LoginOptions>()
            .Configure<IConfiguration>((options, settings) =>
                options.QrTimeoutSeconds = settings.GetValue("PERSONAL_TELEGRAM_QR_TIMEOUT", options.QrTimeoutSeconds))
            .ValidateDataAnnotations()
            .ValidateOnStart();
        services.AddOptions<SendOptions>().BindConfiguration(SendOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddMediaOptions();
        builder.AddOutbound();
        services.TryAddSingleton<UploadMedia>();
        services.TryAddSingleton<OutcomeWatch>();

        services.TryAddSingleton<ListAccounts>();
        services.TryAddSingleton<FindAccount>();
        services.TryAddSingleton<ListInboxes>();
        services.TryAddSingleton<AccountProxy>();
        services.TryAddSingleton<ChangeAccount>();
        services.TryAddSingleton<PauseAccount>();
        services.TryAddSingleton<ReconnectAccount>();
        services.TryAddSingleton<DisconnectAccount>();
        services.TryAddSingleton<DeleteAccount>();
        services.TryAddSingleton<ChangeAccounts>();
        services.TryAddSingleton<ImportAccounts>();
        services.TryAddSingleton<ReadTimeline>();

        services.TryAddSingleton<LoginReader>();
        services.TryAddSingleton<StartLogin>();
        services.TryAddSingleton<FindLogin>();
        services.TryAddSingleton<AnswerLogin>();
        services.TryAddSingleton<ConnectByPhone>();
        services.TryAddSingleton<ConnectByQr>();

        services.TryAddSingleton<AcceptMessage>();
        services.TryAddSingleton<RetryMessage>();
        services.TryAddSingleton<FindMessage>();
        services.TryAddSingleton<ListMessages>();
        services.TryAddSingleton<OpenMedia>();
        services.TryAddSingleton<ChangeMessage>();
        services.TryAddSingleton<ListMessageChanges>();
        services.TryAddSingleton<SearchMessages>();
        services.TryAddSingleton<CloseDialog>();
        services.TryAddSingleton<ExportDialog>();
        services.TryAddSingleton<DeleteDialog>();
        services.TryAddSingleton<ListDialogs>();
        services.TryAddSingleton<FindDialog>();
        services.TryAddSingleton<MarkDialogRead>();
        services.TryAddSingleton<AssignDialog>();
        services.TryAddSingleton<ListAssignees>();
        services.TryAddSingleton<TellPresence>();
        services.TryAddSingleton<ListNotes>();
        services.TryAddSingleton<WriteNote>();
        services.TryAddSingleton<DeleteNote>();
        services.TryAddSingleton<ListFilters>();
        services.TryAddSingleton<SaveFilter>();
        services.TryAddSingleton<DeleteFilter>();
        services.TryAddSingleton<ListQuickReplies>();
        services.TryAddSingleton<SaveQuickReply>();
        services.TryAddSingleton<DeleteQuickReply>();
        return builder;
    }
}
