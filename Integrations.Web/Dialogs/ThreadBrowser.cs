using Microsoft.JSInterop;

namespace Integrations.Web.Dialogs;

/// <summary>What the browser calls of an open thread: a text was sent or noted, the top of the list came in sight, somebody is there.</summary>
public sealed class ThreadBrowser(Func<string, Task> send, Func<string, Task<bool>> note, Func<Task<bool>> loadOlder, Func<string, Task> present)
{
    /// <summary>True: the text was taken, and what becomes of it is shown in the thread.</summary>
    [JSInvokable]
    public async Task<bool> Send(string text)
    {
        await send(text);
        return true;
    }

    /// <summary>False: it was not noted.</summary>
    [JSInvokable]
    public Task<bool> Note(string text) => note(text);

    /// <summary>True while there is more.</summary>
    [JSInvokable]
    public Task<bool> LoadOlder() => loadOlder();

    /// <summary>viewing or typing.</summary>
    [JSInvokable]
    public Task Present(string state) => present(state);
}
