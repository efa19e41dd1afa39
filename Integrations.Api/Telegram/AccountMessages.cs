using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;

namespace Integrations.Api.Telegram;

/// <summary>An account, with the fields of the user-level API first and what this service adds after them.</summary>
/// <param name="Id">Also the session's and the login's id.</param>
/// <param name="Phone">In E.164; null until Telegram has told it.</param>
/// <param name="SessionMetadata">Holds the status in the words of this API.</param>
/// <param name="Status">pending, active, error, paused, disconnecting or disconnected.</param>
/// <param name="World">Which Telegram the account lives in: sandbox or telegram.</param>
/// <param name="LastErrorCode">A code of the error catalogue.</param>
internal sealed record AccountResponse(
    Guid Id,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    int UserId,
    string? Phone,
    SessionMetadata SessionMetadata,
    bool IsActive,
    string Status,
    string World,
    Guid? ProjectId,
    long? TelegramUserId,
    string? Username,
    string? DisplayName,
    bool AcceptsPrivate,
    bool AcceptsGroups,
    bool AcceptsChannels,
    DateTimeOffset? LastConnectedAt,
    string? LastError,
    string? LastErrorCode)
{
    public static AccountResponse From(TelegramAccount account) => new(
        account.Id,
        account.CreatedAt,
        account.UpdatedAt,
        account.UserId,
        Phones.WithPlus(account.Phone),
        SessionMetadata.From(account),
        account.IsActive,
        account.StatusWord,
        Words.Of(account.World),
        account.ProjectId,
        account.TelegramUserId,
        account.Username,
        account.DisplayName,
        account.AcceptsPrivate,
        account.AcceptsGroups,
        account.AcceptsChannels,
        account.LastConnectedAt,
        account.LastError,
        account.LastErrorCode);
}

/// <param name="Status">connected, connecting, error, paused, disconnecting or disconnected.</param>
internal sealed record SessionMetadata(string Status)
{
    public static SessionMetadata From(TelegramAccount account) => new(account.StatusWord switch
    {
        "active" => "connected",
        "pending" => "connecting",
        var word => word,
    });
}

/// <summary>How telephone numbers leave the service: always in E.164, as they have to come in.</summary>
internal static class Phones
{
    /// <summary>Telegram tells numbers without the +.</summary>
    public static string? WithPlus(string? phone) => phone is null or ['+', ..] ? phone : "+" + phone;
}

/// <summary>What became of a request to disconnect or to start afresh.</summary>
/// <param name="Status">The account's status now; <c>disconnecting</c> while Telegram has not confirmed yet.</param>
internal sealed record SessionStatusResponse(Guid SessionId, string Status, string Message);
