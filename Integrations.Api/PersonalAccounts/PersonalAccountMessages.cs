using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Integrations.Api.Telegram;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Logins;

namespace Integrations.Api.PersonalAccounts;

/// <summary>Begins a login.</summary>
internal sealed record StartLoginRequest
{
    [Description("The project the account is for.")]
    public Guid? ProjectId { get; init; }

    [Description("How the account is called here.")]
    public string? DisplayName { get; init; }

    [Description("qr (default) or phone.")]
    public string? Method { get; init; }

    [Description("In E.164; required for the method phone.")]
    public string? Phone { get; init; }

    [Description("The account's own way to Telegram, for the login too: socks5://user:password@host:port, http://… or Telegram's own proxy link. Kept sealed.")]
    public string? Proxy { get; init; }

    [Description("An account that is to log in again, after a disconnect or an ended session.")]
    public Guid? AccountId { get; init; }

    [Description("The version of the text of GET /api/v1/privacy/consent, by which the caller agrees to it; needed once before the first login.")]
    public string? Consent { get; init; }
}

internal sealed record CodeRequest
{
    [Required]
    [Description("The code that Telegram delivered last.")]
    public string? Code { get; init; }
}

internal sealed record PasswordRequest
{
    [Required]
    [Description("The two-step password. It is used once and not stored.")]
    public string? Password { get; init; }
}

/// <summary>What to change; what is left out stays.</summary>
internal sealed record ChangeAccountRequest
{
    [Description("At most 200 characters; an empty one removes the name.")]
    public string? DisplayName { get; init; }

    [Description("Store messages of private chats.")]
    public bool? AcceptsPrivate { get; init; }

    [Description("Store messages of groups.")]
    public bool? AcceptsGroups { get; init; }

    [Description("Store messages of channels.")]
    public bool? AcceptsChannels { get; init; }

    [Description("The project that the account is to be in; 00000000-0000-0000-0000-000000000000 takes it out of its project. For owners and administrators.")]
    public Guid? ProjectId { get; init; }

    [Description("The account's own way to Telegram: socks5://user:password@host:port, http://… or Telegram's own proxy link; an empty one removes it. Kept sealed. A connected account starts afresh.")]
    public string? Proxy { get; init; }
}

/// <summary>A login.</summary>
/// <param name="LoginId">Also the account's id.</param>
/// <param name="Status">ready, pending, code_required, password_required, completed, error or expired.</param>
/// <param name="QrUrl">The link to show as a QR code while the status is ready; it rotates about every 30 seconds.</param>
/// <param name="ExpiresAt">When the login ends unless it is finished.</param>
/// <param name="QrExpiresAt">When this link is replaced by the next.</param>
/// <param name="PasswordHint">What the user once chose as a hint to his two-step password.</param>
/// <param name="RecoveryEmail">The masked address to which a recovery code was sent.</param>
/// <param name="RetryAt">Until when Telegram asks to wait.</param>
/// <param name="Code">Why it failed: a code of the error catalogue.</param>
/// <param name="Detail">Why it failed, in a sentence.</param>
internal sealed record LoginResponse(
    Guid LoginId,
    string Status,
    string Method,
    string? QrUrl,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? QrExpiresAt,
    string? PasswordHint,
    string? RecoveryEmail,
    DateTimeOffset? RetryAt,
    string? Code,
    string? Detail,
    DateTimeOffset CreatedAt,
    DateTimeOffset? CompletedAt)
{
    public static LoginResponse From(LoginView login) => new(
        login.Id,
        Words.Of(login.State),
        Words.Of(login.Method),
        login.QrUrl,
        login.ExpiresAt,
        login.QrExpiresAt,
        login.PasswordHint,
        login.RecoveryPattern,
        login.RetryAt,
        login.ErrorCode,
        login.ErrorDetail,
        login.CreatedAt,
        login.CompletedAt);
}

/// <summary>An account of a project's employee.</summary>
/// <param name="ClientId">The tenant.</param>
/// <param name="Status">pending, active, error, paused, disconnecting or disconnected.</param>
/// <param name="World">Which Telegram the account lives in: sandbox or telegram.</param>
/// <param name="LastErrorCode">A code of the error catalogue.</param>
/// <param name="ImportedAt">When its session came from another program; null for one that logged in here.</param>
/// <param name="Proxy">Its own proxy, without password or secret; null goes the way of the host.</param>
internal sealed record PersonalAccountResponse(
    Guid Id,
    Guid ClientId,
    Guid? ProjectId,
    string? DisplayName,
    string? Username,
    string? Phone,
    long? TelegramUserId,
    string Status,
    bool AcceptsPrivate,
    bool AcceptsGroups,
    bool AcceptsChannels,
    DateTimeOffset? LastConnectedAt,
    string? LastError,
    string? LastErrorCode,
    int UserId,
    string World,
    DateTimeOffset? ImportedAt,
    string? Proxy,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    public static PersonalAccountResponse From(TelegramAccount account) => new(
        account.Id,
        account.ClientId,
        account.ProjectId,
        account.DisplayName,
        account.Username,
        Phones.WithPlus(account.Phone),
        account.TelegramUserId,
        account.StatusWord,
        account.AcceptsPrivate,
        account.AcceptsGroups,
        account.AcceptsChannels,
        account.LastConnectedAt,
        account.LastError,
        account.LastErrorCode,
        account.UserId,
        Words.Of(account.World),
        account.ImportedAt,
        account.ProxyShown,
        account.CreatedAt,
        account.UpdatedAt);
}

/// <summary>What a request to reconnect led to.</summary>
/// <param name="Login">The new login, where the account's session was gone; else null.</param>
internal sealed record ReconnectResponse(PersonalAccountResponse Account, LoginResponse? Login);

/// <param name="Status">disconnecting: the service goes on until Telegram has confirmed.</param>
internal sealed record DeletionResponse(Guid Id, string Status);
