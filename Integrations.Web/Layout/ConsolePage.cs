using Integrations.Web.Api;
using Integrations.Web.SignIn;
using Integrations.Web.Texts;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using Radzen;

namespace Integrations.Web.Layout;

/// <summary>
/// What every live page shares: the session is taken over before the first call, events refresh the page on its own renderer,
/// everything ends with the page, and a refusal of the Api is shown with its code and what to do.
/// </summary>
public abstract class ConsolePage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private IDisposable? _subscription;
    private bool _refreshing;
    private bool _refreshAgain;

    protected ConsolePage() => Closed = _closing.Token;

    [Inject] internal IntegrationsApi Api { get; set; } = null!;

    [Inject] internal LiveEvents Events { get; set; } = null!;

    [Inject] internal SessionToken Session { get; set; } = null!;

    [Inject] internal ReaderZone Zone { get; set; } = null!;

    [Inject] internal IStringLocalizer<Text> Texts { get; set; } = null!;

    [Inject] internal NotificationService Notices { get; set; } = null!;

    /// <summary>Fires when the page is left.</summary>
    protected CancellationToken Closed { get; }

    /// <summary>The event stream is broken: what the page shows may be old.</summary>
    protected bool Interrupted { get; private set; }

    protected sealed override async Task OnInitializedAsync()
    {
        await Session.TakeAsync();
        if (!RendererInfo.IsInteractive)
            return;
        // Before the first read, so that nothing falls between the two.
        _subscription = Events.Subscribe(received => _ = InvokeAsync(() => HearAsync(received)));
        await Zone.TakeAsync(Closed);
        await TryAsync(StartAsync);
    }

    /// <summary>Loads what the page shows; runs once the circuit is live.</summary>
    protected abstract Task StartAsync();

    /// <summary>Whether the page is to be read again after this event.</summary>
    internal virtual bool Concerns(LiveEvent received) => false;

    /// <summary>Reads again what the page shows. A burst of events costs two reads, not one each.</summary>
    protected virtual Task RefreshAsync() => StartAsync();

    /// <summary>Reads the page again now, or once more after the read that is under way.</summary>
    protected async Task RequestRefreshAsync()
    {
        _refreshAgain = true;
        if (_refreshing)
            return;
        _refreshing = true;
        try
        {
            while (_refreshAgain && !Closed.IsCancellationRequested)
            {
                _refreshAgain = false;
                await TryAsync(RefreshAsync);
                StateHasChanged();
            }
        }
        finally
        {
            _refreshing = false;
        }
    }

    private async Task HearAsync(LiveEvent received)
    {
        try
        {
            var wasInterrupted = Interrupted;
            Interrupted = received.Type == LiveEvents.Interrupted || (Interrupted && received.Type != LiveEvents.Opened);
            if (Interrupted != wasInterrupted)
                StateHasChanged();
            if (!Closed.IsCancellationRequested && (received.Type is LiveEvents.Opened or "reset" || Concerns(received)))
                await RequestRefreshAsync();
        }
        catch (Exception e)
        {
            // Nobody awaits an event's handling; the renderer shows and logs what went wrong in it.
            await DispatchExceptionAsync(e);
        }
    }

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
        catch (Exception e) when (IsUnreachable(e))
        {
            // The banner of an interrupted stream says the same and stays as long as it is true.
            if (!Interrupted)
                Notices.Notify(NotificationSeverity.Error, Texts["ApiUnreachable"], duration: 8_000);
        }
        catch (OperationCanceledException) when (Closed.IsCancellationRequested)
        {
            // The page was left while it waited.
        }

        return false;
    }

    /// <summary>The Api did not answer, or not in time.</summary>
    protected bool IsUnreachable(Exception exception) =>
        exception is HttpRequestException || (exception is OperationCanceledException && !Closed.IsCancellationRequested);

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
        _closing.Cancel();
        _closing.Dispose();
    }
}
