using Integrations.Web.Api;

namespace Integrations.Web.Dialogs;

/// <summary>Tells the colleagues that the reader is at a dialog. A word that is lost does no harm: the next one follows, or the Api forgets.</summary>
internal sealed partial class PresenceTeller(IntegrationsApi api, ILogger logger)
{
    private Guid? _said;

    /// <param name="state">viewing or typing.</param>
    public async Task SayAsync(Guid dialog, string state, CancellationToken cancellationToken)
    {
        _said = dialog;
        await TellAsync(dialog, state, cancellationToken);
    }

    /// <summary>The reader is there no more, if he was; nobody waits for the answer.</summary>
    public void Leave()
    {
        if (_said is { } dialog)
            _ = TellAsync(dialog, "left", CancellationToken.None);
    }

    private async Task TellAsync(Guid dialog, string state, CancellationToken cancellationToken)
    {
        try
        {
            await api.SayPresenceAsync(dialog, state, cancellationToken);
        }
        catch (Exception e) when (e is ApiException or HttpRequestException or OperationCanceledException)
        {
            LogUntold(e, state);
        }
    }

    [LoggerMessage(EventId = 4110, Level = LogLevel.Debug, Message = "That somebody is {State} at a dialog could not be told")]
    private partial void LogUntold(Exception exception, string state);
}
