using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Integrations.AppHost.LocalHosting.Processes;
using Integrations.AppHost.LocalHosting.Servers;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Integrations.AppHost.LocalHosting.Running;

/// <summary>
/// Runs one copy of a resource: waits for what it needs, starts it, watches it, starts it again when it ends by itself, and stops it.
/// </summary>
/// <remarks>
/// One loop owns the process. Commands only say what is wanted and wake the loop, so that a stop during a start, or a start during a
/// delay, needs no case of its own.
/// </remarks>
internal sealed partial class CopyRunner : IAsyncDisposable
{
    private static readonly TimeSpan CheckWhileStarting = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan CheckWhileHealthy = TimeSpan.FromSeconds(5);

    private readonly IResource _resource;
    private readonly int _copy;
    private readonly ServerProgram _program;
    private readonly LocalApplication _application;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RestartDelay _delay = new();
    private readonly Lock _gate = new();
    private bool _wanted = true;
    private CancellationTokenSource _interrupt = new();
    private TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _loop;
    private CopyState _state;

    public CopyRunner(IResource resource, int copy, ServerProgram program, LocalApplication application, ILogger logger)
    {
        _resource = resource;
        _copy = copy;
        _program = program;
        _application = application;
        _time = application.Time;
        _logger = logger;
        Id = resource.Replicas() == 1 ? resource.Name : $"{resource.Name}-{copy + 1}";
        _state = new CopyState(resource, Id, KnownResourceStates.NotStarted) { HasHealthCheck = program.HasHealthCheck };
        application.Board.Set(_state);
    }

    public string Id { get; }

    public IResource Resource => _resource;

    public int Copy => _copy;

    public ServerProgram Program => _program;

    public CopyState State => _state;

    /// <summary>Starts the loop, which ends when <paramref name="ended"/> fires.</summary>
    public void Begin(CancellationToken ended) => _loop = RunAsync(ended);

    /// <summary>Wants the process to run, now rather than after a delay.</summary>
    public void Start()
    {
        lock (_gate)
        {
            _wanted = true;
            _delay.Reset();
            _wake.TrySetResult();
        }
    }

    /// <summary>Wants the process stopped, without waiting for that.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _wanted = false;
            _interrupt.Cancel();
            _wake.TrySetResult();
        }
    }

    /// <summary>Wants the process stopped, and waits until it is.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Abandon();
        if (_loop is null)
        {
            // The application was refused before anything began.
            return;
        }

        await _application.Board.WaitAsync(_resource.Name, state => state.Id != Id || state.AtRest, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_loop is not null)
        {
            await _loop;
        }

        await _program.DisposeAsync();
        _interrupt.Dispose();
    }

    private async Task RunAsync(CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            CancellationToken interrupted;
            Task wake;
            bool wanted;
            lock (_gate)
            {
                if (_interrupt.IsCancellationRequested)
                {
                    _interrupt.Dispose();
                    _interrupt = new CancellationTokenSource();
                }

                _wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wake = _wake.Task;
                wanted = _wanted;
                interrupted = _interrupt.Token;
            }

            if (!wanted)
            {
                Rest();
                await Task.WhenAny(wake, Task.Delay(Timeout.InfiniteTimeSpan, _time, ended));
                continue;
            }

            TimeSpan? again;
            try
            {
                again = await RunOnceAsync(interrupted);
            }
            catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
            {
                continue;
            }

            if (again is { } delay)
            {
                await Task.WhenAny(wake, Task.Delay(delay, _time, ended));
            }
        }
    }

    /// <summary>Shows that nothing is going to happen until somebody asks for it.</summary>
    private void Rest()
    {
        Update(state => state with
        {
            State = state.State == KnownResourceStates.Finished || state.State == KnownResourceStates.NotStarted
                ? state.State
                : KnownResourceStates.Exited,
            AtRest = true,
            Pid = null,
            Note = null,
            Health = null,
            HealthText = null,
        });
    }

    /// <summary>From waiting to the end of the process. Returns the delay before the next start, or null when none is wanted.</summary>
    private async Task<TimeSpan?> RunOnceAsync(CancellationToken interrupted)
    {
        Update(state => state with { State = KnownResourceStates.Waiting, AtRest = false, Note = null });
        foreach (var wait in _application.WaitsOf(_resource))
        {
            Update(state => state with
            {
                Note = wait.Kind == WaitKind.Completed ? $"until {wait.Resource.Name} has finished" : $"for {wait.Resource.Name}",
            });
            await _application.WaitForAsync(wait, interrupted);
        }

        Update(state => state with { State = KnownResourceStates.Starting, Note = null, ExitCode = null });
        var process = await StartProcessAsync(interrupted);
        if (process is null)
        {
            var failedDelay = _delay.Next(TimeSpan.Zero);
            Update(state => state with
            {
                State = KnownResourceStates.FailedToStart,
                Note = string.Create(CultureInfo.InvariantCulture, $"{state.Note} Tried again in {failedDelay.TotalSeconds:0} s."),
            });
            return failedDelay;
        }

        using (process)
        {
            var startedAt = _time.GetUtcNow();
            Update(state => state with { State = KnownResourceStates.Running, Pid = process.Pid, StartedAt = startedAt });
            LogStarted(Id, process.Pid);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
            var watch = WatchAsync(over.Token);
            int exitCode;
            try
            {
                exitCode = await process.WaitAsync(interrupted);
            }
            catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
            {
                Update(state => state with { State = KnownResourceStates.Stopping });
                await watch;
                await process.StopAsync(_time);
                exitCode = await process.WaitAsync(CancellationToken.None);
            }

            await over.CancelAsync();
            await watch;
            return Ended(exitCode, _time.GetUtcNow() - startedAt, interrupted);
        }
    }

    private TimeSpan? Ended(int exitCode, TimeSpan ran, CancellationToken interrupted)
    {
        Update(state => state with { Pid = null, ExitCode = exitCode, Health = null, HealthText = null });
        if (interrupted.IsCancellationRequested)
        {
            LogStopped(Id, exitCode);
            Update(state => state with { State = KnownResourceStates.Exited });
            return null;
        }

        if (_resource.Annotations.OfType<LocalJob>().FirstOrDefault() is { } job && job.ExitCode == exitCode)
        {
            LogFinished(Id, (long)ran.TotalMilliseconds);
            lock (_gate)
            {
                _wanted = false;
            }

            Update(state => state with { State = KnownResourceStates.Finished });
            return null;
        }

        var delay = _delay.Next(ran);
        LogEnded(Id, exitCode, delay.TotalSeconds);
        Update(state => state with
        {
            State = KnownResourceStates.Exited,
            Restarts = state.Restarts + 1,
            Note = string.Create(CultureInfo.InvariantCulture, $"Ended with {exitCode}; started again in {delay.TotalSeconds:0} s."),
        });
        return delay;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever keeps a resource from starting is shown on it and tried again.")]
    private async Task<ChildProcess?> StartProcessAsync(CancellationToken interrupted)
    {
        try
        {
            var plan = await _program.PlanAsync(_copy, interrupted);
            var log = _application.Logs.Of(Id);
            return ChildProcess.Start(plan, Path.Combine(_application.Data.Processes, Id), log.Append);
        }
        catch (Exception e) when (!interrupted.IsCancellationRequested)
        {
            LogNotStarted(e, Id);
            Update(state => state with { Note = e.Message });
            return null;
        }
    }

    /// <summary>Checks the health until told to end: often until the resource is ready, then now and again.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "A check that fails in an unexpected way is shown as unhealthy and tried again.")]
    private async Task WatchAsync(CancellationToken over)
    {
        var ready = false;
        try
        {
            while (true)
            {
                string? problem;
                try
                {
                    problem = await _program.CheckAsync(_copy, over);
                    if (problem is null && !ready)
                    {
                        await _program.ReadyAsync(over);
                        ready = true;
                    }
                }
                catch (Exception e) when (!over.IsCancellationRequested)
                {
                    LogCheckFailed(e, Id);
                    problem = e.Message;
                }

                if (_program.HasHealthCheck)
                {
                    var health = problem is null ? HealthStatus.Healthy : HealthStatus.Unhealthy;
                    Update(state => state with { Health = health, HealthText = problem });
                }

                await Task.Delay(problem is null ? CheckWhileHealthy : CheckWhileStarting, _time, over);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The process has ended or is about to.
        }
    }

    /// <summary>Changes the state. The loop and the health check both do, so each change starts from the latest state.</summary>
    private void Update(Func<CopyState, CopyState> change)
    {
        lock (_gate)
        {
            _state = change(_state);
            _application.Board.Set(_state);
        }
    }

    [LoggerMessage(EventId = 101, Level = LogLevel.Information, Message = "{Resource} started as process {Pid}")]
    private partial void LogStarted(string resource, int pid);

    [LoggerMessage(EventId = 102, Level = LogLevel.Information, Message = "{Resource} stopped with exit code {ExitCode}")]
    private partial void LogStopped(string resource, int exitCode);

    [LoggerMessage(EventId = 103, Level = LogLevel.Information, Message = "{Resource} finished after {Milliseconds} ms")]
    private partial void LogFinished(string resource, long milliseconds);

    [LoggerMessage(EventId = 104, Level = LogLevel.Warning,
        Message = "{Resource} ended by itself with exit code {ExitCode}; it is started again in {Seconds} s")]
    private partial void LogEnded(string resource, int exitCode, double seconds);

    [LoggerMessage(EventId = 105, Level = LogLevel.Error, Message = "{Resource} could not be started")]
    private partial void LogNotStarted(Exception exception, string resource);

    [LoggerMessage(EventId = 106, Level = LogLevel.Debug, Message = "The health check of {Resource} failed unexpectedly")]
    private partial void LogCheckFailed(Exception exception, string resource);
}
