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
    /// <summary>Reads of a page that events keep calling up are so far apart at last: an open page of a busy tenant must not use up its reader's limit.</summary>
    private static readonly TimeSpan LongestRefreshPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FirstRefreshPause = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _closing = new();
    private IDisposable? _subscription;
    private bool _refreshing;
    private bool _refreshAgain;
    private int _reads;
    private long _refreshedAt;
    private TimeSpan _refreshPause;

    protected ConsolePage() => Closed = _closing.Token;

    [Inject] internal IntegrationsApi Api { get; set; } = null!;

    [Inject] internal LiveEvents Events { get; set; } = null!;

    [Inject] internal SessionToken Session { get; set; } = null!;

    [Inject] internal ReaderZone Zone { get; set; } = null!;

    [Inject] internal IStringLocalizer<Text> Texts { get; set; } = null!;

    [Inject] internal NotificationService Notices { get; set; } = null!;

    [Inject] internal TimeProvider Clock { get; set; } = null!;
    [Inject] internal NavigationManager Addresses { get; set; } = null!;

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
        await ReadAsync(StartAsync);
    }

    /// <summary>Loads what the page shows; runs once the circuit is live.</summary>
    protected abstract Task StartAsync();

    /// <summary>Whether the page is to be read again after this event.</summary>
    internal virtual bool Concerns(LiveEvent received) => false;

    /// <summary>Takes over what an event tells. A page that many events reach shows them by themselves and reads again only where they tell too little.</summary>
    internal virtual Heard Hear(LiveEvent received) => Concerns(received) ? Heard.ReadAgain : Heard.Nothing;

    /// <summary>Shows what <see cref="Hear"/> took over.</summary>
    protected virtual Task ShowAsync()
    {
        StateHasChanged();
        return Task.CompletedTask;
    }

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
                await SpaceAsync();
                _refreshAgain = false;
                await ReadAsync(RefreshAsync);
                _refreshedAt = Clock.GetTimestamp();
                StateHasChanged();
            }
        }
        finally
        {
            _refreshing = false;
        }
    }

    /// <summary>The first read after a quiet time is at once; the more follow each other, the longer each waits.</summary>
    private async Task SpaceAsync()
    {
        var passed = _refreshedAt == 0 ? TimeSpan.MaxValue : Clock.GetElapsedTime(_refreshedAt);
        if (passed > 2 * LongestRefreshPause)
        {
            _refreshPause = TimeSpan.Zero;
            return;
        }

        _refreshPause = TimeSpan.FromTicks(Math.Clamp(2 * _refreshPause.Ticks, FirstRefreshPause.Ticks, LongestRefreshPause.Ticks));
        await PauseAsync(_refreshPause - passed);
    }

    /// <summary>Reads; when the Api was asked too often, says so once and reads again as soon as it may, for the page must not stay old.</summary>
    private async Task ReadAsync(Func<Task> read)
    {
        _reads++;
        try
        {
            var refused = await AttemptAsync(read, quietly: false);
            while (refused is { IsRateLimit: true, RetryAfter: { } wait } && !Closed.IsCancellationRequested)
            {
                StateHasChanged();
                await PauseAsync(wait);
                refused = await AttemptAsync(read, quietly: true);
            }
        }
        finally
        {
            _reads--;
        }
    }

    private async Task PauseAsync(TimeSpan time)
    {
        try
        {
            if (time > TimeSpan.Zero)
                await Task.Delay(time, Clock, Closed);
        }
        catch (OperationCanceledException) when (Closed.IsCancellationRequested)
        {
            // The page was left while it waited.
        }
    }

    private async Task HearAsync(LiveEvent received)
    {
        try
        {
            if (received.Type is LiveEvents.SignedOut)
                Leave();
            var wasInterrupted = Interrupted;
            Interrupted = received.Type == LiveEvents.Interrupted || (Interrupted && received.Type != LiveEvents.Opened);
            if (Interrupted != wasInterrupted)
                StateHasChanged();
            if (Closed.IsCancellationRequested)
                return;
            var heard = received.Type is LiveEvents.Opened or "reset" ? Heard.ReadAgain : Hear(received);
            if (heard is Heard.Told)
                await ShowAsync();
            // What is being read may be from before the event, and would put back what the event has just told.
            if (heard is Heard.ReadAgain || (heard is Heard.Told && _reads > 0))
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
        var done = false;
        await AttemptAsync(
            async () =>
            {
                await action();
                done = true;
            },
            quietly: false);
        return done;
    }

    /// <summary>What the Api refused it with; null also when it did not answer.</summary>
    /// <param name="quietly">A rate limit has been told already.</param>
    private async Task<ApiException?> AttemptAsync(Func<Task> action, bool quietly)
    {
        try
        {
            await action();
        }
        catch (ApiException refused) when (quietly && refused.IsRateLimit)
        {
            return refused;
        }
        catch (ApiException refused) when (refused.Code is "UNAUTHENTICATED" or "SECOND_FACTOR_REQUIRED")
        {
            Leave();
        }
        catch (ApiException refused)
        {
            Notices.Notify(NotificationSeverity.Error, Explain(refused), $"{refused.Code} {refused.TraceId}", duration: 15_000);
            return refused;
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

        return null;
    }

    // The first page leads to what is missing, the sign-in or a second factor. A whole new page: the circuit ends with this one, and with it everything that it knew. A second page of the circuit that leaves too does no harm.
    private void Leave()
    {
        if (!Closed.IsCancellationRequested)
            Addresses.NavigateTo("/", forceLoad: true);
    }

    /// <summary>The Api did not answer, or not in time.</summary>
    protected bool IsUnreachable(Exception exception) =>
        exception is HttpRequestException || (exception is OperationCanceledException && !Closed.IsCancellationRequested);

    /// <summary>The text for a code in the reader's language; where there is none, the Api's own words.</summary>
    internal string Explain(ApiException refused) => refused is { IsRateLimit: true, RetryAfter: { } wait }
        ? Texts["Error_RATE_LIMITED_Wait", Math.Ceiling(wait.TotalSeconds)]
        : Explain(refused.Code, refused.Detail);

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
