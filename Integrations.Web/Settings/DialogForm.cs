using Integrations.Web.Api;
using Integrations.Web.Layout;

namespace Integrations.Web.Settings;

/// <summary>What the dialogs of the settings share: one call at a time, whose refusal stands beside the field.</summary>
public abstract class DialogForm : ConsolePage
{
    protected string? Error { get; private set; }

    protected bool Busy { get; private set; }

    protected sealed override Task StartAsync() => Task.CompletedTask;

    protected async Task SubmitAsync(Func<Task> call)
    {
        ArgumentNullException.ThrowIfNull(call);
        (Busy, Error) = (true, null);
        try
        {
            await call();
        }
        catch (ApiException refused)
        {
            Error = Explain(refused);
        }
        catch (Exception e) when (IsUnreachable(e))
        {
            Error = Texts["ApiUnreachable"];
        }
        finally
        {
            Busy = false;
        }
    }
}
