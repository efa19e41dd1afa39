using Integrations.Mtproto.Crypto;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;
using Integrations.Mtproto.Tl;
using Microsoft.Extensions.Logging;

namespace Integrations.Mtproto;

/// <summary>What the servers tell of themselves: their addresses, and that they are in trouble.</summary>
public sealed partial class TelegramClient
{
    private Task _configuring = Task.CompletedTask;
    private int _configIsNews;

    /// <summary>Where the data centres are.</summary>
    internal DcDirectory Dcs { get; } = new(options.Servers, options.Obfuscated, options.UseIPv6);

    /// <summary>Asks a new connection where the data centres are, for the next connection and the next move.</summary>
    private async Task ConfigureAsync(MtprotoSession connection, CancellationToken cancellationToken)
    {
        try
        {
            Dcs.Learn(await connection.InvokeAsync(new HelpGetConfig(), cancellationToken));
        }
        catch (Exception e) when (e is RpcException or SessionClosedException or MessageRejectedException or TlException)
        {
            // The addresses known so far stay in use; the next connection asks again.
            LogNoConfig(options.Logger, Session?.Key.Id ?? 0, e.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The client is being closed.
        }
    }

    /// <summary>An answer that is under way may be older than the news, so another one follows it.</summary>
    private async Task ConfigureAgainAsync(Task before, MtprotoSession connection, CancellationToken cancellationToken)
    {
        await before;
        Volatile.Write(ref _configIsNews, 0);
        await ConfigureAsync(connection, cancellationToken);
    }

    /// <summary>Hears of new addresses, which are told to clients that nobody is logged in at too.</summary>
    private void HearOfServers(MtprotoSession connection, UpdatesBase updates)
    {
        foreach (var update in UpdatesIn(updates))
        {
            if (update is UpdateDcOptions told)
                Dcs.Learn(told.DcOptions);
            else if (update is UpdateConfig && Interlocked.Exchange(ref _configIsNews, 1) == 0)
                _configuring = ConfigureAgainAsync(_configuring, connection, _closed.Token);
        }
    }

    private bool IsWorthRepeating(RpcException error, TlRequest request, int repeated) =>
        error is { IsServerTrouble: true, IsRandomIdDuplicate: false } && repeated < options.ServerTroubleRetries && RepeatableCalls.Include(request);

    private async Task PauseAsync(int repetition, CancellationToken cancellationToken)
    {
        var delay = options.ServerTroubleDelay * Math.Pow(2, repetition - 1) * (0.8 + (0.4 * options.Random.NextFraction()));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token);
        try
        {
            await Task.Delay(delay, options.Time, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SessionClosedException("The client was closed before the call was repeated.");
        }
    }

    [LoggerMessage(EventId = 6021, Level = LogLevel.Debug, Message = "The servers of key {AuthKeyId} did not tell their addresses: {Reason}")]
    private static partial void LogNoConfig(ILogger logger, long authKeyId, string reason);
}
