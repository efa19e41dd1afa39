using System.Runtime.InteropServices;
using Integrations.Core.Persistence;
using Integrations.Core.Telegram.Dialogs;

namespace Integrations.Core.Telegram.Clients;

/// <summary>Names one peer. Ids of different kinds overlap, so the kind is part of the name.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PeerKey(PeerKind Kind, long Id)
{
    public override string ToString() => $"{Words.Of(Kind)} {Id}";
}

/// <summary>What Telegram told this account about a peer.</summary>
/// <param name="Key">Kind and id.</param>
/// <param name="AccessHash">Valid for this account only; null for basic groups, which have none.</param>
/// <param name="Username">Without the at sign.</param>
/// <param name="Phone">Digits only, and only where the person shows it.</param>
/// <param name="Title">A person's full name, or the title of a group or channel.</param>
/// <param name="Broadcast">A channel proper, as against a supergroup.</param>
public sealed record KnownPeer(PeerKey Key, long? AccessHash, string? Username, string? Phone, string? Title, bool Broadcast);

/// <summary>Enough to address a peer in a call.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PeerAddress(PeerKey Key, long? AccessHash);
