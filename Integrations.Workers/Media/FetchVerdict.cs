using Integrations.Core.Errors;
using Integrations.Core.Secrets;
using Integrations.Core.Telegram.BotApi;
using Integrations.Core.Telegram.Clients;

namespace Integrations.Workers.Media;

/// <summary>What follows from a try that failed.</summary>
/// <param name="Detail">Kinds and codes alone.</param>
internal abstract record FetchVerdict(string Detail)
{
    /// <summary>Another try may succeed.</summary>
    public sealed record Later(string Detail) : FetchVerdict(Detail);

    /// <summary>Telegram asks the account or the bot for patience; that is no failure of the file.</summary>
    public sealed record Patience(TimeSpan Wait, string Detail) : FetchVerdict(Detail);

    /// <summary>There will be no content.</summary>
    public sealed record Never(string ErrorCode, string Detail) : FetchVerdict(Detail);

    public static FetchVerdict Of(Exception exception) => exception switch
    {
        TelegramRefusedException { Wait: { } wait } e => new Patience(wait, e.Type),
        // What the session or the server is to blame for says nothing of the file.
        TelegramRefusedException { Code: 400 or 403 } e => new Never(ErrorCodes.MediaUnavailable, e.Type),
        TelegramRefusedException e => new Later(e.Type),
        BotApiException { Failure: BotApiFailure.TooManyRequests } e => new Patience(e.RetryAfter ?? TimeSpan.FromSeconds(5), e.Failure.ToString()),
        BotApiException { Failure: BotApiFailure.BadRequest } e when e.Description.Contains("too big", StringComparison.OrdinalIgnoreCase) => new Never(ErrorCodes.MediaTooBig, e.Description),
        BotApiException { Failure: BotApiFailure.BadRequest } e => new Never(ErrorCodes.MediaUnavailable, e.Description),
        BotApiException e => new Later(e.Failure.ToString()),
        SecretUnavailableException { Obstacle: SecretObstacle.Lasting } => new Never(ErrorCodes.MediaUnavailable, "The place of the file cannot be opened."),
        _ => new Later(exception.GetType().Name),
    };
}
