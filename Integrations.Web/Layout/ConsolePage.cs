using Integrations.Web.Api;
using Integrations.Web.SignIn;
using Integrations.Web.Texts;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using Radzen;

namespace Integrations.Web.Layout;

/// <summary>
/// What every live page shares: the session is taken over before the first call, events reach the page on its own renderer,
/// everything ends with the page, and a refusal of the Api is shown with its code and what to do.
/// </summary>
public abstract class ConsolePage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private IDisposable? _subscription;

    [Inject] internal IntegrationsApi Api { get; set; } = null!;

    [Inject] internal LiveEvents Events { get; set; } = null!;

    [Inject] internal SessionToken Session { get; set; } = null!;

    [Inject] internal IStringLocalizer<Text> Texts { get; set; } = null!;

    [Inject] internal NotificationService Notices { get; set; } = null!;

    /// <summary>Fires when the page is left.</summary>
    protected CancellationToken Closed => _closed.Token;

    protected sealed override async Task OnInitializedAsync()
    {
        await Session.TakeAsync();
        if (!RendererInfo.IsInteractive)
            return;
        await TryAsync(StartAsync);
        _subscription = Events.Subscribe(received => InvokeAsync(async () =>
        {
            await TryAsync(() => OnEventAsync(received));
            StateHasChanged();
        }));
    }

    /// <summary>Loads what the page shows; runs once the circuit is live.</summary>
    protected abstract Task StartAsync();

    internal virtual Task OnEventAsync(LiveEvent received) => Task.CompletedTask;

    /// <summary>Runs an action; what the Api refuses, or a lost Api, becomes a notice. True when it succeeded.</summary>
    protected async Task<bool> TryAsync(Func<Task> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        try
        {
            await action();
            return true;
        }
        catch (ApiException refused)
        {
            Notices.Notify(NotificationSeverity.Error, Explain(refused), $"{refused.Code} {refused.TraceId}", duration: 15_000);
        }
        catch (HttpRequestException)
        {
            Notices.Notify(NotificationSeverity.Error, Texts["ApiUnreachable"], duration: 15_000);
        }
        catch (OperationCanceledException) when (_closed.IsCancellationRequested)
        {
            // The page was left while it waited.
        }

        return false;
    }

    /// <summary>The text for a code in the reader's language; where there is none, the Api's own words.</summary>
    internal string Explain(ApiException refused) => Explain(refused.Code, refused.Detail);

    internal string Explain(string code, string? detail) =>
        Texts["Error_" + code] is { ResourceNotFound: false } known ? known.Value : detail is { Length: > 0 } ? detail : Texts["Error_Other", code];

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        _subscription?.Dispose();
        _closed.Cancel();
        _closed.Dispose();
    }
}
