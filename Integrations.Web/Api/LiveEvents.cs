using System.Text.Json;
using Integrations.Web.SignIn;

namespace Integrations.Web.Api;

/// <summary>What happened, as the Api's event stream told it.</summary>
internal sealed record LiveEvent(string Type, JsonElement Data)
{
    /// <summary>The event's data as one of the Api's objects; what the event does not name has its default.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public T As<T>() => Data.Deserialize<T>(IntegrationsApi.Json) ?? throw new JsonException($"An event of type {Type} without data.");


    /// <summary>An id among the event's data; null where it has none of this name.</summary>
    public Guid? Id(string name) =>
        Data.ValueKind is JsonValueKind.Object && Data.TryGetProperty(name, out var id) && id.ValueKind is JsonValueKind.String && id.TryGetGuid(out var value)
            ? value
            : null;
}

/// <summary>
/// What happens, as one circuit hears it. Its stream stays open between its pages and is shared with the other windows of the same session.
/// Besides the Api's own events its subscribers hear <see cref="Opened"/>, <see cref="Interrupted"/> and <see cref="SignedOut"/>.
/// </summary>
internal sealed class LiveEvents(LiveStreams streams, SessionToken session) : IDisposable
{
    /// <summary>The Api's first word on a stream: whatever happened before the stream stood is to be read again.</summary>
    public const string Opened = "ready";

    /// <summary>The stream broke and is being opened again; until <see cref="Opened"/> nothing is live.</summary>
    public const string Interrupted = "interrupted";

    /// <summary>The session has ended, here or elsewhere: nothing more is heard, and what the page shows is nobody's to see any longer.</summary>
    public const string SignedOut = "signed_out";

    private IDisposable? _own;

    /// <summary>
    /// Calls back for every event until disposed; the callback only takes note, for the stream waits for it.
    /// An event of type <c>reset</c> means: read everything again.
    /// </summary>
    public IDisposable Subscribe(Action<LiveEvent> subscriber)
    {
        var token = session.Value ?? throw new InvalidOperationException("Nobody is signed in on this circuit.");
        // Between two pages nobody else listens.
        _own ??= streams.Subscribe(token, static _ => { });
        // Another window may have opened the stream, in another language: what this page does with an event runs as this page does.
        var context = ExecutionContext.Capture() ?? throw new InvalidOperationException("A circuit runs in a context.");
        return streams.Subscribe(token, received => ExecutionContext.Run(context, _ => subscriber(received), null));
    }

    public void Dispose() => _own?.Dispose();
}
