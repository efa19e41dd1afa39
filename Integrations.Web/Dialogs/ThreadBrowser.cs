using Microsoft.JSInterop;

namespace Integrations.Web.Dialogs;

/// <summary>What the browser calls of an open thread: a text was sent, the top of the list came in sight.</summary>
public sealed class ThreadBrowser(Func<string, Task> send, Func<Task<bool>> loadOlder)
{
    [JSInvokable]
    public Task Send(string text) => send(text);

    /// <summary>True while there is more.</summary>
    [JSInvokable]
    public Task<bool> LoadOlder() => loadOlder();
}
