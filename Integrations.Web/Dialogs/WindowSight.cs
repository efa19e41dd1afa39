using Microsoft.JSInterop;

namespace Integrations.Web.Dialogs;

/// <summary>Hears from the browser whether its window is in sight: what nobody looks at has not been read.</summary>
public sealed class WindowSight(Func<bool, Task> turned)
{
    /// <summary>The window came in sight, or went out of it.</summary>
    [JSInvokable]
    public Task Turn(bool inSight) => turned(inSight);
}
