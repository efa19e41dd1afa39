namespace Integrations.Core.Tests;

/// <summary>Waits for what other processes and threads bring about, with a deadline that tells the last state.</summary>
internal static class Eventually
{
    /// <summary>Generous, because test machines are busy; a passing test never waits for it.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static Task IsAsync(Func<bool> condition, Func<string> state) => IsAsync(() => Task.FromResult(condition()), state);

    public static async Task IsAsync(Func<Task<bool>> condition, Func<string> state)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var deadline = new CancellationTokenSource(Deadline);
        while (!await condition())
        {
            if (deadline.IsCancellationRequested)
                Assert.Fail($"Not so after {Deadline.TotalSeconds} s: {state()}");

            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
