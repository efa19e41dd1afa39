using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Clients;
using Integrations.Workers.Logins;

namespace Integrations.Workers.Accounts;

/// <summary>Everything stored that an actor begins with.</summary>
/// <param name="HasTrouble">An error of an earlier connection is told of the account.</param>
/// <param name="Session">The opened session, null where there is none. A secret.</param>
/// <param name="Proxy">The link of its own proxy; null goes the host's way. A secret.</param>
/// <param name="Position">Null before the first login was through.</param>
/// <param name="Login">The login, open or not; null where there never was one.</param>
internal sealed record AccountFile(
    AccountStatus Status,
    AccountGoal Goal,
    AcceptedChats Accepts,
    long RestartRequested,
    long RestartDone,
    bool HasTrouble,
    ReadOnlyMemory<byte>? Session,
    string? Proxy,
    UpdatePosition? Position,
    IReadOnlyList<ChannelPosition> Channels,
    LoginFile? Login)
{
    public bool RestartIsDue => RestartRequested > RestartDone;
}
