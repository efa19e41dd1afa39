using System.Collections.Immutable;
using Integrations.Mtproto.Schema;

namespace Integrations.Mtproto.GapRecovery;

/// <summary>How far an account has received: what is saved with the messages and shown to the server after a restart.</summary>
/// <remarks>https://core.telegram.org/api/updates#event-sequences.</remarks>
public sealed record UpdateState
{
    /// <summary>Position in the common box: private chats and basic groups.</summary>
    public required int Pts { get; init; }

    /// <summary>Position in the box of encrypted chats and of some bot events.</summary>
    public required int Qts { get; init; }

    /// <summary>The server's time of the last sequence, unix seconds.</summary>
    public required int Date { get; init; }

    /// <summary>Position in the sequence of whole containers.</summary>
    public required int Seq { get; init; }

    /// <summary>Position in the box of each supergroup and channel.</summary>
    public ImmutableDictionary<long, int> Channels { get; init; } = ImmutableDictionary<long, int>.Empty;

    public static UpdateState From(UpdatesState state) => new() { Pts = state.Pts, Qts = state.Qts, Date = state.Date, Seq = state.Seq };

    internal UpdateState With(UpdatesState state) => this with { Pts = state.Pts, Qts = state.Qts, Date = state.Date, Seq = state.Seq };
}

/// <summary>Limits and times of <see cref="UpdateSequencer"/>.</summary>
public sealed record UpdateSequencerOptions
{
    /// <summary>How long a gap may fill by itself before the server is asked.</summary>
    public TimeSpan GapWait { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Without any update for so long, the server is asked whether it lost us.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Updates kept in memory, waiting. Beyond it they are dropped and fetched again as a difference.</summary>
    public int MaxQueued { get; init; } = 5_000;

    /// <summary>Updates per batch, about: one container is never split.</summary>
    public int MaxBatch { get; init; } = 200;

    /// <summary>Channel differences in flight at once.</summary>
    public int MaxChannelRequests { get; init; } = 3;

    /// <summary>Events per channel difference, 10 to 100.</summary>
    public int ChannelLimit { get; init; } = 100;
}

/// <summary>What the sequencer wants from the server. Each is handed out once and stays in flight until its answer or failure is reported.</summary>
public abstract record UpdateRequest;

/// <summary>The account has no state yet, or its position means nothing any more: <see cref="UpdatesGetState"/>.</summary>
public sealed record StateRequest : UpdateRequest;

/// <summary>What the common box, the encrypted box and the sequence have missed.</summary>
public sealed record DifferenceRequest(int Pts, int Qts, int Date) : UpdateRequest
{
    public UpdatesGetDifference ToCall() => new() { Pts = Pts, Qts = Qts, Date = Date };
}

/// <summary>What one channel has missed.</summary>
public sealed record ChannelDifferenceRequest(long ChannelId, int Pts, int Limit) : UpdateRequest
{
    /// <summary>The position of a box of which nothing is known.</summary>
    internal const int Beginning = 1;

    /// <param name="channel">With the access hash, which the caller keeps. Without one: <see cref="UpdateSequencer.ForgetChannel"/>.</param>
    public UpdatesGetChannelDifference ToCall(InputChannelBase channel) =>
        new() { Channel = channel, Filter = new ChannelMessagesFilterEmpty(), Pts = Pts, Limit = Limit };
}
