using Integrations.Core.Connectors;

namespace Integrations.Core.WhatsApp;

/// <summary>WhatsApp by Twilio.</summary>
/// <remarks>Delivered says that Twilio has it; whether the person does, its status callbacks tell. Twilio takes no key against doubles.</remarks>
public sealed class TwilioConnector(TwilioClient client) : IConnector<WhatsAppMessage, TwilioSettings>
{
    private const string Platform = "Twilio";

    /// <inheritdoc/>
    public ConnectorLimits Limits { get; } = new(80, "https://www.twilio.com/docs/whatsapp/api#rate-limits", new DateOnly(2026, 6, 29));

    /// <inheritdoc/>
    public Task<ConnectorOutcome> ExecuteAsync(WhatsAppMessage command, TwilioSettings settings, CancellationToken cancellationToken) =>
        OutcomeAsync(async () => new ConnectorOutcome.Delivered((await client.SendAsync(settings, command, cancellationToken)).Sid));

    /// <inheritdoc/>
    public async Task<string?> FindAsync(
        WhatsAppMessage command, DateTimeOffset since, IReadOnlySet<string> known, TwilioSettings settings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(known);
        IReadOnlyList<TwilioMessage> messages = [];
        var outcome = await OutcomeAsync(async () =>
        {
            messages = await client.ListAsync(settings, command.To, cancellationToken);
            return new ConnectorOutcome.Delivered("");
        });
        if (outcome is not ConnectorOutcome.Delivered)
            throw new ConnectorUnavailableException(outcome);

        // Twilio's dates have whole seconds.
        var from = since.AddSeconds(-1);
        return messages.LastOrDefault(message =>
            message.Direction == "outbound-api" && !known.Contains(message.Sid) && message.CreatedAt >= from && (message.Body ?? "") == (command.Body ?? ""))?.Sid;
    }

    /// <inheritdoc/>
    public Task<ConnectorOutcome> TestAsync(TwilioSettings settings, CancellationToken cancellationToken) => OutcomeAsync(async () =>
    {
        var account = await client.FindAccountAsync(settings, cancellationToken);
        return account.Status is "active" or null
            ? new ConnectorOutcome.Delivered(account.Sid)
            : new ConnectorOutcome.AuthLost("20005", "The account is not active. Look into Twilio's console.");
    });

    private static async Task<ConnectorOutcome> OutcomeAsync(Func<Task<ConnectorOutcome>> call)
    {
        try
        {
            return await call();
        }
        catch (TwilioException e)
        {
            return TwilioErrors.Of(e.Status, e.Code, e.RetryAfter);
        }
        catch (HttpRequestException e)
        {
            return TransportFailures.Of(e, Platform);
        }
        catch (TimeoutException)
        {
            return TransportFailures.Unanswered(Platform);
        }
    }
}
