using Integrations.Core.Connectors;

namespace Integrations.Core.Tests.Connectors;

/// <summary>What goes wrong at a platform when it is asked to.</summary>
public enum PlatformFault
{
    /// <summary>Refused because of too many requests, with the wish to be left alone for 7 seconds. Nothing is done.</summary>
    TooMany,

    /// <summary>The platform says that it is not available. Nothing is done.</summary>
    Unavailable,

    /// <summary>It is done, and the connection breaks before the answer.</summary>
    AnswerLost,

    /// <summary>It is done, and the answer takes longer than the client waits.</summary>
    AnswerLate,
}

/// <summary>What every connector keeps to, tried against its simulated platform. Each connector's tests begin by inheriting this.</summary>
/// <typeparam name="TCommand">Of the connector.</typeparam>
/// <typeparam name="TSettings">Of the connector.</typeparam>
public abstract class ConnectorContract<TCommand, TSettings>
{
    private static readonly HashSet<string> Nothing = [];

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected abstract IConnector<TCommand, TSettings> Connector { get; }

    /// <summary>The same at an address where nobody listens.</summary>
    protected abstract IConnector<TCommand, TSettings> Nowhere { get; }

    /// <summary>One that the platform does; each is another one.</summary>
    protected abstract TCommand Good();

    /// <summary>One whose content the platform refuses.</summary>
    protected abstract TCommand Bad();

    protected abstract TSettings Settings { get; }

    /// <summary>With another secret.</summary>
    protected abstract TSettings WrongSettings { get; }

    /// <summary>Must be in no outcome.</summary>
    protected abstract string Secret { get; }

    protected abstract DateTimeOffset Now { get; }

    /// <summary>Once, for the next command.</summary>
    protected abstract void Fault(PlatformFault fault);

    /// <summary>What the platform has done, by its own record.</summary>
    protected abstract IReadOnlyList<string> Done { get; }

    [Fact]
    public async Task What_is_done_is_told_by_the_platforms_own_id()
    {
        var first = Assert.IsType<ConnectorOutcome.Delivered>(await Connector.ExecuteAsync(Good(), Settings, Token));
        var second = Assert.IsType<ConnectorOutcome.Delivered>(await Connector.ExecuteAsync(Good(), Settings, Token));

        Assert.Equal([first.ExternalId, second.ExternalId], Done);
    }

    [Fact]
    public async Task Too_many_is_a_wait_as_long_as_the_platform_asks_and_nothing_is_done()
    {
        Fault(PlatformFault.TooMany);

        var outcome = Assert.IsType<ConnectorOutcome.RateLimited>(await Connector.ExecuteAsync(Good(), Settings, Token));

        Assert.Equal(TimeSpan.FromSeconds(7), outcome.Wait);
        IsPlain(outcome);
        Assert.Empty(Done);
        Assert.IsType<ConnectorOutcome.Delivered>(await Connector.ExecuteAsync(Good(), Settings, Token));
    }

    [Fact]
    public async Task A_platform_that_says_it_is_not_available_has_done_nothing()
    {
        Fault(PlatformFault.Unavailable);

        IsPlain(Assert.IsType<ConnectorOutcome.Transient>(await Connector.ExecuteAsync(Good(), Settings, Token)));

        Assert.Empty(Done);
    }

    [Fact]
    public async Task A_platform_that_cannot_be_reached_has_done_nothing()
    {
        IsPlain(Assert.IsType<ConnectorOutcome.Transient>(await Nowhere.ExecuteAsync(Good(), Settings, Token)));
        IsPlain(Assert.IsType<ConnectorOutcome.Transient>(await Nowhere.TestAsync(Settings, Token)));
        await Assert.ThrowsAsync<ConnectorUnavailableException>(() => Nowhere.FindAsync(Good(), Now, Nothing, Settings, Token));
    }

    [Theory]
    [InlineData(PlatformFault.AnswerLost)]
    [InlineData(PlatformFault.AnswerLate)]
    public async Task What_was_done_without_an_answer_is_unknown_and_found_by_looking(PlatformFault fault)
    {
        var (command, since) = (Good(), Now);
        var before = Assert.IsType<ConnectorOutcome.Delivered>(await Connector.ExecuteAsync(command, Settings, Token)).ExternalId;
        Fault(fault);

        IsPlain(Assert.IsType<ConnectorOutcome.Unknown>(await Connector.ExecuteAsync(command, Settings, Token)));

        var found = await Connector.FindAsync(command, since, new HashSet<string> { before }, Settings, Token);
        Assert.Equal([before, found!], Done);
        Assert.Null(await Connector.FindAsync(command, since, new HashSet<string> { before, found! }, Settings, Token));
        Assert.Null(await Connector.FindAsync(Good(), since, Nothing, Settings, Token));
    }

    [Fact]
    public async Task Credentials_that_are_not_taken_are_told_as_that()
    {
        IsPlain(Assert.IsType<ConnectorOutcome.AuthLost>(await Connector.ExecuteAsync(Good(), WrongSettings, Token)));
        IsPlain(Assert.IsType<ConnectorOutcome.AuthLost>(await Connector.TestAsync(WrongSettings, Token)));
        Assert.Empty(Done);
    }

    [Fact]
    public async Task Content_that_is_not_taken_is_told_with_what_to_do()
    {
        IsPlain(Assert.IsType<ConnectorOutcome.BadContent>(await Connector.ExecuteAsync(Bad(), Settings, Token)));
        Assert.Empty(Done);
    }

    [Fact]
    public async Task A_connection_is_tested_without_doing_anything()
    {
        Assert.NotEmpty(Assert.IsType<ConnectorOutcome.Delivered>(await Connector.TestAsync(Settings, Token)).ExternalId);
        Assert.Empty(Done);
    }

    [Fact]
    public async Task Whoever_cancels_gets_no_outcome()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Connector.ExecuteAsync(Good(), Settings, cancelled.Token));
    }

    [Fact]
    public void Settings_are_written_without_their_secret_and_limits_with_their_source()
    {
        Assert.DoesNotContain(Secret, $"{Settings}", StringComparison.Ordinal);
        Assert.True(Connector.Limits is { PerSecond: > 0, Source: ['h', 't', 't', 'p', 's', ..] } && Connector.Limits.AsOf > new DateOnly(2025, 1, 1));
    }

    private void IsPlain(ConnectorOutcome outcome)
    {
        Assert.NotEmpty(outcome.Code);
        Assert.EndsWith(".", outcome.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, $"{outcome}", StringComparison.Ordinal);
    }
}
